/**
 * Hands a one-time code to the SMS provider; voice calls are not offered.
 * Secrets: PROVIDER_FROM, the number the message comes from
 */
module.exports = function (recipient, text, context, cb) {
  if (context.message_type === "voice") {
    return cb(new SendPhoneMessageError("Voice calls are not offered", "Please choose a text message."));
  }

  const from = context.webtask.secrets.PROVIDER_FROM || "+15550100";
  console.log(`message from ${from} to ${recipient.replace(/\d(?=\d{2})/g, "*")}`);
  cb(null, { MessageID: `demo-${recipient.length}-${text.length}` });
};
