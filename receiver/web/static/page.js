// Says so when the page cannot be kept up to date: what is shown then may no longer hold.
(() => {
  let since = new Date();
  const tell = (text) => {
    const banner = document.getElementById("stale");
    banner.textContent = text;
    banner.hidden = !text;
  };
  const stale = () => {
    const time = since.toISOString().slice(11, 19);
    tell(`Not updated since ${time} UTC: the receiver does not answer, or your session has ended.`);
  };
  const fresh = () => {
    since = new Date();
    tell("");
  };
  document.addEventListener("htmx:error", stale);
  document.addEventListener("htmx:after:request", (event) => (event.detail.ctx.response.raw.ok ? fresh() : stale()));
})();
