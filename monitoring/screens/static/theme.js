// On Streamlit's own pages the colours of charts follow the page: its theme says whether it is dark or light.

export function followTheme() {
  const app = document.querySelector(".stApp");
  const scheme = app ? getComputedStyle(app).colorScheme : "dark";
  document.documentElement.dataset.theme = scheme.includes("light") ? "light" : "dark";
}
