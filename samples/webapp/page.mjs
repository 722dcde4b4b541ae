/** The page: sends a photo to S3 with a progress bar, polls its status, and shows it in the right size for the screen. */
import { sendFile, showPicture } from './image-scaler.mjs';

const POLL_MS = 500;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask(path, options) {
  const answer = await fetch(path, options);
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.detail);
  return document;
}

export async function start(edge) {
  const form = document.querySelector('form');
  const bar = form.querySelector('progress');
  const output = form.querySelector('output');

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
      output.value = 'Uploaded. It will appear in a moment.';
      form.reset();
      show(await finished(id));
      output.value = '';
    } catch (error) {
      output.value = error.message;
    } finally {
      bar.hidden = true;
    }
  });

  /** Return a photo once it has been processed. */
  async function finished(id) {
    for (;;) {
      const photo = await ask(`/photos/${id}`);
      if (!photo.in_progress) return photo;
      await wait(POLL_MS);
    }
  }

  function show({ id, status, size, placeholder, detail }) {
    const item = document.createElement('li');
    if (size) {
      const [width, height] = size;
      const image = Object.assign(new Image(width, height), { alt: 'A photo', sizes: 'min(20rem, 100vw)' });
      showPicture(image, edge, id, { size, placeholder });
      item.append(image);
    } else {
      item.append(Object.assign(document.createElement('p'), { textContent: detail ?? `This photo is ${status}.` }));
    }
    item.dataset.id = id;
    document.querySelector('#photos').prepend(item);
  }

  for (const photo of await ask('/photos')) if (!photo.in_progress) show(photo);
}
