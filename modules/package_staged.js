// needs: files
// What lies at the place of a package, and the room on that drive.

function inspect(args) {
  return { staged: fileInfo(args.path), free: freeBytes(args.path) };
}
