/** Narrows the rows of a table while somebody types; the form's button searches all pages of it. */
for (const input of document.querySelectorAll('[data-filter]')) {
  const body = document.getElementById(input.dataset.filter);
  if (body === null) continue;
  input.addEventListener('input', () => {
    const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    for (const row of body.rows) {
      const text = row.textContent.toLocaleLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
}
