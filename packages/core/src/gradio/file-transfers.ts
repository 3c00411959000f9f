// What brings files to a Space, and fetches those that messages name: loaded with the first of them.
export { download } from "./download.ts";
export { uploadFile } from "./upload.ts";
