namespace PipelineBridge.Tests;

public class WallsTests
{
    [Fact]
    public void Placeholder_until_the_walls_are_read() => typeof(WallsTests).Namespace.Should().Be("PipelineBridge.Tests");
}
