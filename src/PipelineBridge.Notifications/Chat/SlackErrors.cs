namespace PipelineBridge.Notifications.Chat;

/// <summary>What Slack's codes of error mean for a target, and what would be right.</summary>
static class SlackErrors
{
    /// <summary>The message is not there, or no longer ours to edit: it is posted anew.</summary>
    public static bool MeansGone(string error) =>
        error is "message_not_found" or "cant_update_message" or "edit_window_closed" or "message_not_owned_by_app";

    /// <summary>The channel is not there for us.</summary>
    public static bool MeansNoChannel(string error) => error is "channel_not_found" or "not_in_channel";

    /// <summary>One sentence for a person, which quotes nothing of the answer.</summary>
    public static string Cause(SlackTargetOptions target, string error) => $"The target {target.Name} was not told: " + error switch
    {
        "invalid_auth" or "not_authed" or "account_inactive" or "token_revoked" or "token_expired" or "no_permission"
            or "not_allowed_token_type" or "access_denied" or "ekm_access_denied" or "org_login_required" or "two_factor_setup_required" =>
            $"Slack does not accept its token; targets.{target.Name}.slack.token must give a valid bot token (xoxb-…).",
        "missing_scope" =>
            "the Slack app lacks a scope; it needs chat:write, channels:read and channels:history (groups:read and groups:history for a private channel), and users:read.email for mentions.",
        "channel_not_found" =>
            $"Slack knows no channel {target.Channel} that its app may see; correct targets.{target.Name}.slack.channel, or invite the app to it.",
        "not_in_channel" =>
            $"its Slack app is no member of {target.Channel}; invite the app to the channel.",
        "is_archived" =>
            $"the channel {target.Channel} is archived; name another in targets.{target.Name}.slack.channel.",
        _ when error.StartsWith("restricted_action", StringComparison.Ordinal) =>
            $"the workspace does not let its Slack app write to {target.Channel}.",
        _ => "Slack refused the call; its code of error is in the evidence.",
    };
}
