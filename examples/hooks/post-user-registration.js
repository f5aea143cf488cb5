/**
 * Tells the customer database about the new user. It answers "busy" now and then, so an error is called back and
 * Hooklane tries again later. Secret: CRM_BUSY_UNTIL_ATTEMPT (for the demo; a real hook would call the CRM here)
 */
module.exports = function (user, context, cb) {
  const { secrets, attempt } = context.webtask;

  if (attempt < Number(secrets.CRM_BUSY_UNTIL_ATTEMPT || 1)) {
    return cb(new Error(`CRM answered 503 on attempt ${attempt}`));
  }

  console.log(`told the CRM about ${user.email} on attempt ${attempt}`);
  cb();
};
