using System.Security.Cryptography;
using System.Text;

namespace PipelineBridge.Bridge.Pages;

/// <summary>The one style of the pages; it stands in each of them, and its hash in the policy, so that no other style counts.</summary>
static class PageStyle
{
    public static readonly string Css = """
        :root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--back:#fff;--raised:#f6f8fa;--link:#0550ae;
          --live:#116329;--moving:#0550ae;--waiting:#7d4e00;--failed:#b3141d;--held:#6639ba;--none:#57606a}
        @media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--line:#30363d;--back:#0d1117;--raised:#161b22;--link:#79b8ff;
          --live:#56d364;--moving:#79b8ff;--waiting:#e3b341;--failed:#ff8780;--held:#c9a5ff;--none:#9da7b3}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:0 1.25rem 3rem;max-width:110rem;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--back)}
        body.narrow{max-width:64rem}
        a{color:var(--link);text-underline-offset:.15em}a:focus-visible,summary:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,pre:focus-visible{outline:2px solid var(--link);outline-offset:2px}
        header{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.5rem;padding:.8rem 0;border-bottom:1px solid var(--line);margin-bottom:1rem}
        header .home{font-weight:600;color:inherit;text-decoration:none}
        header form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:0}
        header .about{margin-left:auto;display:flex;flex-wrap:wrap;align-items:center;gap:.3rem 1rem;font-size:.9rem}
        #freshness{color:var(--soft)}.lost #freshness{color:var(--failed);font-weight:600}
        .lost main{box-shadow:-.5rem 0 0 var(--back),-.75rem 0 0 var(--failed)}
        .skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.3rem;background:var(--back);padding:.3rem}
        main:focus{outline:none}
        input,select,button{font:inherit;color:inherit;background:var(--back);border:1px solid var(--soft);border-radius:6px;padding:.25rem .55rem;min-height:2.1rem;max-width:100%}
        button,.button{cursor:pointer}.button{display:inline-block;color:var(--link);text-decoration:none;border:1px solid var(--soft);border-radius:6px;padding:.15rem .6rem}
        button:hover,.button:hover{background:var(--raised);border-color:var(--link)}button.main{border:2px solid var(--link);font-weight:600}
        .buttons{margin:.5rem 0}.fields{max-width:34rem}.fields label{display:block;margin:.8rem 0 .2rem}.fields input:not([type=hidden]){display:block;width:100%}.fields button{margin-top:1rem}
        .message{border-left:4px solid var(--live);background:var(--raised);padding:.5rem .9rem;margin:0 0 1rem}
        h1{font-size:1.35rem;margin:.2rem 0 .4rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}h3{font-size:.95rem;margin:.7rem 0 .2rem}
        .soft,small{color:var(--soft)}small{font-size:.85rem}
        .mono{overflow-wrap:anywhere}.mono,pre{font-family:ui-monospace,monospace;font-size:.86rem}
        .live,a.live{color:var(--live)}.moving,a.moving{color:var(--moving)}.waiting,a.waiting{color:var(--waiting)}.failed,a.failed{color:var(--failed)}.held,a.held{color:var(--held)}.none,a.none{color:var(--none)}
        .state{font-weight:600;white-space:nowrap}
        table{border-collapse:collapse;width:100%}
        th,td{text-align:left;vertical-align:top;padding:.45rem .7rem;border-bottom:1px solid var(--line)}
        thead th{position:sticky;top:0;background:var(--back);border-bottom:2px solid var(--line);font-weight:600;white-space:nowrap}
        tbody th{font-weight:600;white-space:nowrap}
        .matrix{table-layout:fixed}.matrix th,.matrix td{padding:.45rem .5rem}.matrix th:first-child{width:8.5rem;padding-left:0}.matrix thead small{display:block}.matrix tbody th,.matrix .state{white-space:normal}.matrix tbody th{overflow-wrap:anywhere}
        .matrix td p{margin:0}.matrix td p+p{margin-top:.15rem}
        .matrix .newer a{color:inherit}.matrix td small,.name{white-space:nowrap}.summary{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:0;font-weight:600}.stands{font-weight:600;font-size:1.05rem;margin:.2rem 0 .6rem}
        .matrix .newer{font-size:.85rem;line-height:1.35;max-width:26ch;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden}
        .matrix tbody tr:hover{background:var(--raised)}
        .version{font-weight:600;overflow-wrap:anywhere}
        .list{list-style:none;margin:0;padding:0}.list>li{padding:.55rem 0;border-bottom:1px solid var(--line)}.list p{margin:0}
        progress{width:9rem;height:.6rem;vertical-align:middle;accent-color:var(--moving)}
        .trouble{border-left:4px solid var(--failed);padding:.5rem .9rem;background:var(--raised);margin:1rem 0}
        .trouble h2{margin:.2rem 0}.trouble ul{margin:.3rem 0;padding-left:1.3rem}.trouble p{margin:.2rem 0}.warn{border-left-color:var(--waiting)}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;margin:.4rem 0;max-height:28rem;overflow:auto}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:.8rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .phases td,.phases th{padding:.25rem .7rem .25rem 0;border:0;white-space:nowrap}.phases{width:auto}.phases svg{display:block}.elapsed{vertical-align:middle;max-width:100%}
        .bar{fill:var(--moving)}.late{fill:var(--waiting)}.usual{fill:var(--soft)}
        .story{list-style:none;margin:0;padding:0 0 0 .9rem;border-left:2px solid var(--line)}
        .story>li{position:relative;padding:.35rem 0}.story>li::before{content:"";position:absolute;left:-1.28rem;top:.85rem;width:.6rem;height:.6rem;border-radius:50%;background:currentColor;border:2px solid var(--back)}
        .story .text{color:var(--ink);overflow-wrap:anywhere}.story time{display:inline-block;min-width:5.2rem;color:var(--soft);font-variant-numeric:tabular-nums}
        .topic{display:inline-block;min-width:4.6rem;color:var(--soft);font-size:.85rem}
        .story .day{font-weight:600;padding-top:.8rem}.story .day::before{display:none}
        details>summary{cursor:pointer;color:var(--soft);font-size:.85rem;width:max-content;max-width:100%}
        .story details:not([open]){display:inline-block;margin-right:1rem;vertical-align:top}
        @media (min-width:80rem){.board main{display:grid;grid-template:"message message" auto "summary summary" auto "now what" auto "recent what" 1fr/20rem minmax(0,1fr);gap:0 1.6rem;align-items:start}
          .board .message{grid-area:message}.board .summary{grid-area:summary}.board .now{grid-area:now}.board .what{grid-area:what}.board .recent{grid-area:recent}}
        .board section:first-child>h2,.what h2{margin-top:.6rem}
        .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        @media (max-width:48rem){body{padding:0 .8rem 2rem}
          .matrix,.matrix tbody,.matrix tr,.matrix th,.matrix td{display:block}.matrix thead{display:none}
          .matrix tr{border-bottom:1px solid var(--line);padding:.5rem 0}.matrix th:first-child{width:auto}.matrix tbody th{border:0;padding:.2rem 0;font-size:1.05rem}
          .matrix td{border:0;padding:.2rem 0 .2rem 6.2rem;position:relative}.matrix td.empty{display:none}
          .matrix td::before{content:attr(data-environment);position:absolute;left:0;width:5.8rem;color:var(--soft);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
          .matrix .newer{max-width:none}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}header .about{margin-left:0}header form[role=search] input{width:100%}.phases svg{width:8rem}}
        """;

    /// <summary>What a page may load and run: this style, the files of this host, and nothing from anywhere else; no script that stands in a page.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Css)))}'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}
