using PipelineBridge.Bridge.Deliveries;
using PipelineBridge.Bridge.Pages;
using PipelineBridge.Bridge.Security;

namespace PipelineBridge.Tests.Docs;

public class PageDocTests
{
    static readonly string Text = File.ReadAllText(Repository.PathOf("docs", "page.md"));

    [Theory]
    [InlineData("live")]
    [InlineData("moving")]
    [InlineData("none")]
    [InlineData("held")]
    [InlineData(RequestState.Waiting)]
    [InlineData(RequestState.Succeeded)]
    [InlineData(RequestState.Failed)]
    [InlineData(RequestState.Refused)]
    [InlineData(RequestState.Superseded)]
    [InlineData(RequestState.Cancelled)]
    public void Every_state_stands_there_with_the_sign_that_the_page_has(string state)
    {
        var (_, sign, word) = PageWords.Look(state);
        Text.Split(": ● ")[1].Insert(0, "● ").Split('\n')[0].Split(", ").Should().Contain(s => s.StartsWith(sign) && s.Contains(word, StringComparison.Ordinal));
    }

    [Fact]
    public void The_verbs_of_the_buttons_and_how_long_a_session_lasts_are_the_codes_own()
    {
        Text.Should().Contain($"`{Verb.Rollback}`, `{Verb.Cancel}`, `{Verb.Hold}`, `{Verb.DeadLetter}`").And.Contain($"The key needs `{Verb.Read}`").And.Contain($"for {Sessions.Lasting.TotalHours} hours");
    }
}
