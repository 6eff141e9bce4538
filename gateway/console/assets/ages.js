/** Keeps the ages of instants true while a page stays open, in the page's language. */
const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

function update() {
  for (const time of document.querySelectorAll('time.wg-instant')) {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    const [unit, length] = units.find(([, one]) => Math.abs(seconds) >= one * 2) ?? units[3];
    const format = new Intl.RelativeTimeFormat(time.dataset.language, { style: 'short' });
    time.querySelector('.wg-age').textContent = format.format(Math.trunc(seconds / length), unit);
  }
}

setInterval(update, 30_000);
