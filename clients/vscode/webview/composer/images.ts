/** Images in the clipboard, as data URLs. */
export async function imagesOf(clipboard: DataTransfer | null): Promise<string[]> {
  const files = [...(clipboard?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  return Promise.all(files.map(dataUrl));
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
