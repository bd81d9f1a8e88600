// A scrolling list that grows at its end, and follows it unless the reader has scrolled up.

const NEAR = 24; // pixels from the end that still count as at the end

/** @param {HTMLElement} scroller what scrolls; the list is in it */
export function log(scroller, items) {
  let follows = true;
  scroller.addEventListener("scroll", () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller;
    // A hidden panel has no height, and its position says nothing.
    if (clientHeight > 0) follows = scrollHeight - scrollTop - clientHeight < NEAR;
  });

  const settle = () => {
    if (follows) scroller.scrollTop = scroller.scrollHeight;
  };

  return {
    /** Goes to the end, if that is where the reader was; for a panel that was hidden. */
    settle,
    clear() {
      follows = true;
      items.replaceChildren();
    },
    get length() {
      return items.childElementCount;
    },
    get last() {
      return items.lastElementChild;
    },
    dropFirst(count) {
      for (let left = count; left > 0; left -= 1) items.firstElementChild?.remove();
    },
    append(elements) {
      if (elements.length === 0) return;
      items.append(...elements);
      settle();
    },
  };
}
