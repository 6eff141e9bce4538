/** Buttons that copy what they stand beside. Without script, or without a clipboard, they are not shown. */
if (navigator.clipboard !== undefined) {
  document.documentElement.dataset.canCopy = '';
  document.addEventListener('click', async ({ target }) => {
    const button = target instanceof Element ? target.closest('[data-copy]') : null;
    if (button === null) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.firstElementChild;
    const former = label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => {
      label.textContent = former;
    }, 2000);
  });
}
