// On Streamlit's own pages the colours of charts follow the page: its theme says whether it is dark or light.

export function followTheme() {
  const app = document.querySelector(".stApp");
  const scheme = app ? getComputedStyle(app).colorScheme : "dark";
  document.documentElement.dataset.theme = scheme.includes("light") ? "light" : "dark";
}

const LOOK_AGAIN_MS = 20;
const PATIENCE_MS = 20_000;

// The style sheets come with what is drawn, and may come after it: each time an ordinary page puts a chart elsewhere,
// they are fetched anew. Plotly would take colours of its own for those that are missing, and keep them.
export async function coloursOf(node, names) {
  const until = performance.now() + PATIENCE_MS;
  const there = () => {
    const style = getComputedStyle(node);
    return node.isConnected && names.every((name) => style.getPropertyValue(`--${name.slice(1)}`).trim());
  };
  while (!there()) {
    if (performance.now() > until) throw new Error("The colours could not be loaded.");
    await new Promise((go) => setTimeout(go, LOOK_AGAIN_MS));
  }
}
