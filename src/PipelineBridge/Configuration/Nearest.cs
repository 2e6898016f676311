namespace PipelineBridge.Configuration;

/// <summary>Finds what somebody meant by a word that is not known.</summary>
static class Nearest
{
    /// <summary>The sentence that helps: the nearest word when one is near, else all of them.</summary>
    public static string Hint(string word, IReadOnlyCollection<string> known) =>
        Find(word, known) is { } near ? $"Did you mean \"{near}\"?"
        : known.Count == 0 ? "There is none."
        : $"Known are: {string.Join(", ", known)}.";

    /// <summary>The word that differs in the fewest letters, at most a third of them; null when none is that near.</summary>
    public static string? Find(string word, IEnumerable<string> known) => known
        .Select(candidate => (Candidate: candidate, Distance: Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
        .Where(found => found.Distance <= Math.Max(1, Math.Min(word.Length, found.Candidate.Length) / 3))
        .OrderBy(found => found.Distance).ThenBy(found => found.Candidate, StringComparer.Ordinal)
        .Select(found => found.Candidate).FirstOrDefault();

    /// <summary>How many letters must be put in, left out, changed or swapped with their neighbour (optimal string alignment).</summary>
    static int Distance(string one, string other)
    {
        var rows = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }
                var change = one[i - 1] == other[j - 1] ? 0 : 1;
                var best = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + change);
                rows[i, j] = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]
                    ? Math.Min(best, rows[i - 2, j - 2] + 1)
                    : best;
            }
        }
        return rows[one.Length, other.Length];
    }
}
