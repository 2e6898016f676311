// Keeps a page as the bridge has it. A stream says that something changed; then the page is fetched again and what
// differs is changed in place, so that focus, scroll position, selection and what is opened stay. Without this script
// the page says the same and is fetched again by the browser.
(() => {
  'use strict';

  const main = document.querySelector('main[data-head]');
  const status = document.getElementById('freshness');
  if (!main || !status || !window.EventSource) return;

  const pause = 1000;         // between two fetches
  const silence = 40000;      // the stream says something each 15 s; after this long it is dead
  const retries = [1000, 2000, 5000, 10000];
  const age = 60000;          // times such as "3 min ago" grow old without an event
  const movingAge = 5000;     // and faster while something is on its way

  let source = null;
  let heard = Date.now();     // when the bridge last said anything
  let opened = Date.now();    // when the stream was last opened
  let fetched = Date.now();   // when the page was last as the bridge had it
  let failures = 0;
  let retry = 0;
  let next = 0;
  let busy = false;
  let again = false;

  const clock = time => new Date(time).toISOString().slice(11, 19) + ' UTC';

  function say(lost, text) {
    document.body.classList.toggle('lost', lost);
    if (status.textContent !== text) status.textContent = text;
  }

  function lost(why) {
    if (document.hidden) return;
    say(true, `Not up to date since ${clock(Math.max(fetched, heard))}: ${why}`);
  }

  function close() {
    if (source) source.close();
    source = null;
    clearTimeout(retry);
    retry = 0;
  }

  function open() {
    close();
    if (document.hidden) return;
    opened = Date.now();
    const topic = main.dataset.topic;
    source = new EventSource(`/changes?after=${main.dataset.head}${topic ? '&app=' + encodeURIComponent(topic) : ''}`);
    source.addEventListener('here', () => {
      heard = Date.now();
      if (document.body.classList.contains('lost')) refresh();
      else say(false, 'Up to date');
    });
    source.addEventListener('changed', () => {
      heard = Date.now();
      refresh();
    });
    source.onerror = () => reopen('the bridge does not answer; it is tried again.');
  }

  // Both the stream and the page are tried again: the page alone can tell that one is signed out.
  function reopen(why) {
    close();
    if (document.hidden) return;
    lost(why);
    retry = setTimeout(() => { open(); refresh(); }, retries[Math.min(failures++, retries.length - 1)]);
  }

  // At most one fetch at a time and one in a pause; what comes meanwhile is one more after it.
  function refresh() {
    if (busy) { again = true; return; }
    if (next || document.hidden) return;
    next = setTimeout(fetchPage, Math.max(0, fetched + pause - Date.now()));
  }

  async function fetchPage() {
    next = 0;
    busy = true;
    again = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store', signal: AbortSignal.timeout(15000) });
      if (answer.status === 401) {
        close();
        lost('you are signed out. Load the page again to sign in.');
        return;
      }
      if (!answer.ok) throw new Error(`${answer.status}`);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const news = page.querySelector('main[data-head]');
      if (!news) throw new Error('another page');
      const focus = document.activeElement;
      morph(main, news);
      if (focus && focus.isConnected && document.activeElement !== focus) focus.focus({ preventScroll: true });
      document.title = page.title;
      fetched = heard = Date.now();
      failures = 0;
      say(false, 'Up to date');
    } catch {
      again = false;
      reopen('the bridge does not answer; it is tried again.');
    } finally {
      busy = false;
      if (again) refresh();
    }
  }

  // Makes an element as another is. Children with a data-key stay themselves wherever they stand.
  function morph(from, to) {
    for (const { name } of [...from.attributes]) {
      if (name !== 'open' && !to.hasAttribute(name)) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (name !== 'open' && from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    const wanted = new Set([...to.children].map(child => child.dataset.key).filter(Boolean));
    const known = new Map();
    for (const child of [...from.children]) {
      const key = child.dataset.key;
      if (key && !wanted.has(key)) child.remove();
      else if (key) known.set(key, child);
    }
    let at = from.firstChild;
    for (const node of [...to.childNodes]) {
      const key = node.dataset && node.dataset.key;
      const same = key ? known.get(key)
        : at && at.nodeName === node.nodeName && !(at.dataset && at.dataset.key) ? at : null;
      if (!same) {
        from.insertBefore(document.importNode(node, true), at);
        continue;
      }
      if (same === at) at = at.nextSibling;
      else from.insertBefore(same, at);
      if (same.isEqualNode(node)) continue;
      if (same.nodeType === Node.ELEMENT_NODE) morph(same, node);
      else same.nodeValue = node.nodeValue;
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  setInterval(() => {
    if (document.hidden) return;
    if (source && Date.now() - Math.max(heard, opened) > silence) reopen('the stream fell silent; it is opened again.');
    else if (Date.now() - fetched > ('moving' in main.dataset ? movingAge : age) && source) refresh();
  }, 1000);

  // A browser has six connections to a host over HTTP/1.1, and each stream takes one: nobody looks at a hidden page.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
    else {
      failures = 0;
      open();
      refresh();
    }
  });
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', e => { if (e.persisted) { open(); refresh(); } });

  open();
})();
