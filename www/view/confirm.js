// Asking before something is lost.

/** @returns {(task?: { name: string }) => Promise<boolean>} */
export function confirmation(dialog) {
  const name = dialog.querySelector("strong");
  return (task) => new Promise((resolve) => {
    name?.replaceChildren(task.name);
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}
