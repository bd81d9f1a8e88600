// Tabs as the ARIA practices describe them: arrow keys move, Home and End jump, one tab is reached by Tab.

/** @param {(name: string) => void} chosen called with the name of the tab that was chosen */
export function tabs(tablist, chosen) {
  const all = [...tablist.querySelectorAll("[role=tab]")];
  const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  function choose(tab) {
    for (const other of all) {
      other.setAttribute("aria-selected", String(other === tab));
      other.tabIndex = other === tab ? 0 : -1;
      panel(other).hidden = other !== tab;
    }
    chosen(tab.dataset.tab);
  }

  tablist.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab !== null) choose(tab);
  });
  tablist.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = all[to % all.length];
    tab.focus();
    choose(tab);
  });
}
