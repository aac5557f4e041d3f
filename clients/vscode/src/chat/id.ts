/** As in package.json. */
export const CHAT_VIEW = "spindled.chat";
