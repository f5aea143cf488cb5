/**
 * Refuses throw-away addresses and notes where the user came from.
 * Secret: BLOCKED_DOMAINS, separated by commas
 */
module.exports = function (user, context, cb) {
  const blocked = (context.webtask.secrets.BLOCKED_DOMAINS || "mailinator.com").split(",");
  const domain = String(user.email).split("@").pop().toLowerCase();

  if (blocked.includes(domain)) {
    console.warn("refused a registration from", domain);
    return cb(
      new PreUserRegistrationError(`Address at blocked domain ${domain}`, "Please use your own e-mail address."),
    );
  }

  cb(null, {
    user: {
      user_metadata: { ...user.user_metadata, language: context.renderLanguage || "en" },
      app_metadata: { ...user.app_metadata, signupIp: context.request && context.request.ip },
    },
  });
};
