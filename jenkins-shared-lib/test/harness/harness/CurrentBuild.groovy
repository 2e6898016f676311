package harness

/** The object currentBuild, as far as a sandboxed script may see it (workflow-support, RunWrapper). */
class CurrentBuild {
    private final Build build

    CurrentBuild(Build build) {
        this.build = build
    }

    long getStartTimeInMillis() { build.started }

    int getNumber() { build.base.BUILD_NUMBER as int }

    String getResult() { build.result == 'SUCCESS' ? null : build.result }

    void setResult(String result) { build.worse(result) }

    String getCurrentResult() { build.result }

    String getDescription() { build.description }

    void setDescription(String text) { build.description = text }

    String getAbsoluteUrl() { build.base.BUILD_URL }

    List getChangeSets() { build.changeSets }

    List getBuildCauses() { build.causes }

    List getBuildCauses(String type) { build.causes.findAll { it._class == type } }
}
