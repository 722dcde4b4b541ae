/** The page: sends a photo to S3 with a progress bar, and shows it as soon as the back end tells that it is ready. */
import { sendFile, showPicture } from './image-scaler.mjs';

async function ask(path, options) {
  const answer = await fetch(path, options);
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.detail);
  return document;
}

export function start(edge) {
  const form = document.querySelector('form');
  const bar = form.querySelector('progress');
  const output = form.querySelector('output');
  const list = document.querySelector('#photos');
  let expected = null;

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const [file] = form.querySelector('input').files;
    try {
      const { id, upload } = await ask('/photos', {
        method: 'POST',
        body: JSON.stringify({ name: file.name, type: file.type, size: file.size }),
      });
      bar.hidden = false;
      await sendFile(upload, file, { onProgress: (sent, total) => (bar.value = sent / total) });
      form.reset();
      expected = itemOf(id) ? null : id;
      output.value = expected ? 'Uploaded. It will appear in a moment.' : '';
    } catch (error) {
      output.value = error.message;
    } finally {
      bar.hidden = true;
    }
  });

  // The browser connects again by itself; what changed in between is in the list.
  const changes = new EventSource('/events');
  changes.addEventListener('open', async () => (await ask('/photos')).forEach(show));
  changes.addEventListener('message', ({ data }) => show(JSON.parse(data)));

  const itemOf = (id) => list.querySelector(`[data-id="${id}"]`);

  /** Show a photo that has been processed; a second event of the same state changes nothing. */
  function show({ id, status, in_progress, size, placeholder, detail }) {
    const before = itemOf(id);
    if (in_progress || before?.dataset.status === status) return;
    const item = document.createElement('li');
    Object.assign(item.dataset, { id, status });
    if (size) {
      const [width, height] = size;
      const image = Object.assign(new Image(width, height), { alt: 'A photo', sizes: 'min(20rem, 100vw)' });
      showPicture(image, edge, id, { size, placeholder });
      item.append(image);
    } else {
      item.append(Object.assign(document.createElement('p'), { textContent: detail ?? `This photo is ${status}.` }));
    }
    if (before) before.replaceWith(item);
    else list.prepend(item);
    if (id === expected) {
      expected = null;
      output.value = '';
    }
  }
}
