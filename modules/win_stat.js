// needs: files
function inspect(args) {
  var info = fileInfo(args.path);
  return {
    stat: {
      path: info.path, exists: info.exists, isdir: info.exists && info.folder, isreg: info.exists && !info.folder,
      size: info.size, version: info.version, modified: info.modified, attributes: info.attributes
    }
  };
}
