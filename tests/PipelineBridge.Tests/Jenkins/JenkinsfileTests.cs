namespace PipelineBridge.Tests.Jenkins;

/// <summary>The Jenkinsfiles of the documentation, each run as it stands against a bridge process.</summary>
[Trait("Needs", "service")]
public class JenkinsfileTests(JenkinsScene scene) : IClassFixture<JenkinsScene>
{
    [Fact]
    public async Task The_jenkinsfile_of_the_readme_pushes_deploys_and_waits()
    {
        scene.Seed("500");
        var (exitCode, log) = await scene.Run(JenkinsScene.Block("README.md", "From a pipeline"), "500");

        exitCode.Should().Be(0, log);
        log.Should().Contain("registry.internal/portal:500   accepted").And.Contain("portal is live on prod").And.NotContain("holds an executor");
    }

    [Fact]
    public async Task The_declarative_jenkinsfile_pushes_deploys_and_tells_how_it_ended()
    {
        scene.Seed("501");
        var (exitCode, log) = await scene.Run(JenkinsScene.Block("jenkins.md", "Declarative"), "501");

        exitCode.Should().Be(0, log);
        log.Should().MatchRegex(@"\[bridge\] push   portal  registry\.internal/portal:501   accepted  #p-\w{4}")
            .And.MatchRegex(@"\[bridge\] deploy portal → prod   accepted  #d-\w{4}")
            .And.MatchRegex($@"timeline {scene.Bridge.Url}/d-\w+")
            .And.MatchRegex(@"\[bridge\] push   portal  sha256:\w{8}  \d+(\.\d)? kB, all there already  pushed in")
            .And.MatchRegex(@"\[bridge\] portal is live on prod: sha256:\w{8}")
            .And.Contain("#501 finished   told");
        log.Should().NotContain("holds an executor");
        (await scene.Deployments())[0]!["build"]!["number"]!.GetValue<int>().Should().Be(501);
    }

    [Fact]
    public async Task The_scripted_jenkinsfile_uses_receipt_and_end()
    {
        scene.Seed("502");
        var (exitCode, log) = await scene.Run(JenkinsScene.Block("jenkins.md", "Scripted"), "502");

        exitCode.Should().Be(0, log);
        log.Should().Contain($"follow it at {scene.Bridge.Url}/d-").And.MatchRegex(@"live: registry\.internal/portal:502@sha256:\w{64}");
        scene.Registry.Digest("portal", "latest").Should().Be(scene.Registry.Digest("portal", "502"));
    }

    [Fact]
    public async Task The_pipeline_in_one_step_goes_through_both_environments()
    {
        scene.Seed("503");
        var (exitCode, log) = await scene.Run(JenkinsScene.Block("jenkins.md", "In one step"), "503");

        exitCode.Should().Be(0, log);
        log.Should().Contain("portal is live on test").And.Contain("portal is live on prod").And.NotContain("holds an executor");
    }

    [Fact]
    public async Task The_matrix_pushes_each_cell_and_deploys_on_the_main_branch_alone()
    {
        scene.Seed("main-504-small", "main-504-large", "topic-x-505-small", "topic-x-505-large");
        var (exitCode, log) = await scene.Run(JenkinsScene.Block("jenkins.md", "Multibranch with a matrix"), "504", "--variable", "BRANCH_NAME=main");

        exitCode.Should().Be(0, log);
        log.Should().Contain("portal:main-504-small   accepted").And.Contain("portal:main-504-large   accepted").And.Contain("portal is live on prod");
        (exitCode, log) = await scene.Run(JenkinsScene.Block("jenkins.md", "Multibranch with a matrix"), "505", "--variable", "BRANCH_NAME=topic/x");
        exitCode.Should().Be(0, log);
        log.Should().Contain("portal:topic-x-505-large   accepted").And.NotContain("[bridge] deploy");
    }

    [Fact]
    public async Task The_rollback_job_goes_back_to_what_served_before()
    {
        scene.Seed("506", "507");
        await scene.Deployed("506");
        await scene.Deployed("507");
        var (exitCode, log) = await scene.Run(JenkinsScene.Block("jenkins.md", "A rollback job"), "508", "--job", "ops/rollback", "--parameter", "APP=portal", "--parameter", "ENVIRONMENT=prod");

        exitCode.Should().Be(0, log);
        log.Should().Contain($"portal is live on prod: sha256:{scene.Registry.Digest("portal", "506")![7..15]}");
    }

    [Fact]
    public async Task The_pipeline_after_the_migration_brings_its_file_and_takes_over_what_the_plugin_left()
    {
        scene.Seed("509");
        await scene.WriteAsThePlugin();
        var (exitCode, log) = await scene.Run(JenkinsScene.Block("jenkins-migration.md", "After"), "509");

        exitCode.Should().Be(0, log);
        log.Should().Contain("docker push registry.internal/portal:509").And.Contain("portal is live on prod");
    }

    [Fact]
    public void The_set_up_as_code_names_what_the_library_looks_for()
    {
        var setup = JenkinsScene.Block("jenkins.md", "Set-up", "yaml");
        var ask = File.ReadAllText(Path.Combine(GroovyProgram.Library, "src", "io", "pipelinebridge", "Ask.groovy"));
        setup.Should().Contain("id: pipelinebridge").And.Contain("key: BRIDGE_URL").And.Contain("libraryPath: jenkins-shared-lib/").And.Contain("name: pipelinebridge");
        ask.Should().Contain("script.env.BRIDGE_CREDENTIALS ?: 'pipelinebridge'").And.Contain("script.env.BRIDGE_URL");
    }
}
