using System.CommandLine;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge completion</c>: the script by which a shell completes verbs, options and names.</summary>
static class CompletionVerb
{
    const string Bash = """
        # source <(pipelinebridge completion bash)
        _pipelinebridge() {
            local IFS=$'\n'
            mapfile -t COMPREPLY < <(compgen -W "$(pipelinebridge "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}")
        }
        complete -o default -F _pipelinebridge pipelinebridge
        """;

    const string Zsh = """
        # source <(pipelinebridge completion zsh), behind compinit
        _pipelinebridge() {
            local -a words_of_it
            words_of_it=("${(@f)$(pipelinebridge "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            compadd -- $words_of_it || _files
        }
        compdef _pipelinebridge pipelinebridge
        """;

    public static Command Command(Surroundings at)
    {
        var shell = new Argument<string>("shell") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", "Print what makes a shell complete verbs, options and names: source <(pipelinebridge completion bash).") { shell };
        command.SetAction(parsed => at.Output.WriteLine(parsed.GetValue(shell) == "bash" ? Bash : Zsh));
        return command;
    }
}
