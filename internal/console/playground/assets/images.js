// Pictures that go with a message, as data: addresses, made smaller where they are large.

const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const AS_IS = 1_000_000; // bytes that are sent as they are
const SIDE = 2048; // pixels; models see no more
const LARGEST = 40_000_000; // bytes of a file that is looked at

/** Most pictures of a message. */
export const MOST = 6;

/** The data: address of a picture; throws a sentence for people. */
export async function read(file) {
  if (!TYPES.includes(file.type)) throw new Error(`${file.name || "This"} is no PNG, JPEG, WebP or GIF picture.`);
  if (file.size > LARGEST) throw new Error(`${file.name || "This picture"} is larger than 40 MB.`);
  if (file.size <= AS_IS) return asAddress(file);
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) throw new Error(`${file.name || "This"} could not be read as a picture.`);
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.toDataURL("image/jpeg", 0.88);
}

function asAddress(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(new Error(`${file.name} could not be read.`));
    reader.readAsDataURL(file);
  });
}

/** The files of a paste or a drop. */
export function filesOf(transfer) { return [...(transfer?.files ?? [])]; }
