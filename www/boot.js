// Starts the page, and says plainly when it cannot start.
try {
  await import("./main.js");
} catch (error) {
  const built = await fetch("pkg/dist/index.js", { method: "HEAD" }).then(({ ok }) => ok, () => false);
  document.getElementById("trouble-text").textContent = built
    ? `The page could not start: ${error.message}`
    : "The package is not built yet. Run npm run build, then reload this page.";
  document.getElementById("trouble").hidden = false;
  if (built) throw error;
}
