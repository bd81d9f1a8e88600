// Numbers as people read them.
const format = new Intl.NumberFormat("en");

/** "1,200" */
export const shown = (number) => format.format(number);

/** "1 line", "1,200 lines" */
export const counted = (number, noun) => `${shown(number)} ${noun}${number === 1 ? "" : "s"}`;
