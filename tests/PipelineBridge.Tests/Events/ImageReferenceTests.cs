using PipelineBridge.Events;

namespace PipelineBridge.Tests.Events;

public class ImageReferenceTests
{
    const string Hex = "9c1e04f2d2f0a6a1b5c8e3f7a9d0c4b6e8f1a3b5c7d9e0f2a4b6c8d0e2f4a6b8";

    [Theory]
    [InlineData("registry.internal/portal:412", "registry.internal", "portal", "412", null)]
    [InlineData("registry.internal:5000/portal", "registry.internal:5000", "portal", null, null)]
    [InlineData("localhost/portal:412", "localhost", "portal", "412", null)]
    [InlineData("127.0.0.1:41003/team/portal:412", "127.0.0.1:41003", "team/portal", "412", null)]
    [InlineData($"registry.internal/portal@sha256:{Hex}", "registry.internal", "portal", null, $"sha256:{Hex}")]
    [InlineData($"registry.internal:5000/a/b_c/d__e/f-g.h:V1.0_rc-1@sha256:{Hex}", "registry.internal:5000", "a/b_c/d__e/f-g.h", "V1.0_rc-1", $"sha256:{Hex}")]
    public void An_image_is_registry_repository_tag_and_digest(string text, string registry, string repository, string? tag, string? digest)
    {
        ImageReference.TryParse(text, out var image, out var wrong).Should().BeTrue(wrong);
        image.Should().Be(new ImageReference(registry, repository, tag, digest));
        image!.ToString().Should().Be(text);
        ImageReference.Parse(text).Should().Be(image);
    }

    [Theory]
    [InlineData("", "\"\" names no registry; it must be registry/repository:tag, e.g. registry.internal/portal:412.")]
    [InlineData("portal", "\"portal\" names no registry; *")]
    [InlineData("portal:412", "\"portal:412\" names no registry; *")]
    [InlineData("team/portal:412", "\"team/portal:412\" names no registry; *")]
    [InlineData("/portal:412", "*names no registry*")]
    [InlineData("registry.internal/", "*has a repository that is none, \"\"; it is lower-case letters*")]
    [InlineData("registry.internal/Portal:412", "*has a repository that is none, \"Portal\"; it is lower-case letters, digits and . _ - between slashes; *")]
    [InlineData("registry.internal/por tal:412", "*has a repository that is none*")]
    [InlineData("registry.internal/portal/:412", "*has a repository that is none, \"portal/\"*")]
    [InlineData("registry.internal//portal:412", "*has a repository that is none*")]
    [InlineData("registry.internal/portal..x:412", "*has a repository that is none*")]
    [InlineData("registry.internal/portal\n", "*has a repository that is none*")]
    [InlineData("https://registry.internal/portal:412", "*has a registry that is no host name, \"https:\"*")]
    [InlineData("registry.internal:port/portal:412", "*has a registry that is no host name, \"registry.internal:port\"*")]
    [InlineData("-registry.internal/portal:412", "*has a registry that is no host name*")]
    [InlineData("registry.internal/portal:", "*has the tag \"\", which is none; a tag is up to 128 letters, digits, _ . and -*")]
    [InlineData("registry.internal/portal:-412", "*has the tag \"-412\", which is none*")]
    [InlineData("registry.internal/portal:4 12", "*has the tag \"4 12\", which is none*")]
    [InlineData("registry.internal/portal:412\n", "*which is none*")]
    [InlineData("registry.internal/portal:${BUILD_NUMBER}", "*has the tag \"${BUILD_NUMBER}\", which is none*")]
    [InlineData("registry.internal/portal@sha256:9c1e", "*has a digest that is none; it must be sha256: and 64 hexadecimal digits.")]
    [InlineData($"registry.internal/portal@md5:{Hex}", "*has a digest that is none*")]
    [InlineData($"registry.internal/portal@sha256:{Hex}\n", "*has a digest that is none*")]
    [InlineData("registry.internal/portal@", "*has a digest that is none*")]
    public void What_is_none_is_told_with_what_would_be_right(string text, string message)
    {
        ImageReference.TryParse(text, out var image, out var wrong).Should().BeFalse();
        image.Should().BeNull();
        wrong.Should().Match(message);
        ((Action)(() => ImageReference.Parse(text))).Should().Throw<FormatException>().WithMessage(wrong);
    }

    [Fact]
    public void Lengths_are_bounded_as_the_distribution_specification_says()
    {
        ImageReference.TryParse($"registry.internal/{new string('a', 255)}:{new string('t', 128)}", out _, out _).Should().BeTrue();
        ImageReference.TryParse($"registry.internal/{new string('a', 256)}:412", out _, out _).Should().BeFalse();
        ImageReference.TryParse($"registry.internal/portal:{new string('t', 129)}", out _, out _).Should().BeFalse();
    }

    [Theory]
    [InlineData($"registry.internal/portal:412@sha256:{Hex}", $"pkg:oci/portal@sha256%3A{Hex}?repository_url=registry.internal/portal&tag=412")]
    [InlineData($"registry.internal:5000/team/portal@sha256:{Hex}", $"pkg:oci/portal@sha256%3A{Hex}?repository_url=registry.internal%3A5000/team/portal")]
    [InlineData("registry.internal/team/portal:412", "pkg:oci/portal?repository_url=registry.internal/team/portal&tag=412")]
    public void Its_purl_has_name_digest_repository_and_tag(string text, string purl) => ImageReference.Parse(text).Purl.Should().Be(purl);

    [Fact]
    public void Deployed_is_the_digest_and_never_the_tag()
    {
        ImageReference.Parse($"registry.internal/portal:412@sha256:{Hex}").Pinned.Should().Be($"registry.internal/portal@sha256:{Hex}");
        ImageReference.Parse("registry.internal/portal:412").Invoking(i => i.Pinned).Should().Throw<InvalidOperationException>().WithMessage("registry.internal/portal:412 has no digest.");
    }
}
