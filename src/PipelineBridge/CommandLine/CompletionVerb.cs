using System.CommandLine;

namespace PipelineBridge.CommandLine;

/// <summary><c>pipelinebridge completion</c>: the script by which a shell completes verbs, options and names.</summary>
static class CompletionVerb
{
    // Words are compared and never given to an expansion of the shell: names come from the network.
    const string Bash = """
        # source <(pipelinebridge completion bash)
        _pipelinebridge() {
            local word
            COMPREPLY=()
            while IFS= read -r word; do
                [[ $word == "$2"* && ($word != -* || $2 == -*) ]] && COMPREPLY+=("$word")
            done < <(pipelinebridge "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
        }
        complete -o default -F _pipelinebridge pipelinebridge
        """;

    const string Zsh = """
        # source <(pipelinebridge completion zsh), behind compinit
        _pipelinebridge() {
            local -a suggested
            local word=${${BUFFER[1,CURSOR]}##* }
            suggested=(${(f)"$(pipelinebridge "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)"})
            suggested=(${(M)suggested:#$word*})
            [[ $word == -* ]] || suggested=(${suggested:#-*})
            compadd -a suggested || _files
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
