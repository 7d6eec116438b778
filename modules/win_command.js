// needs: files
function inspect(args) {
  var seen = {}, key, info;
  for (key in args) {
    if (args.hasOwnProperty(key)) {
      info = fileInfo(args[key]);
      seen[key] = key === 'chdir' ? info.exists && info.folder : info.exists;
    }
  }
  return seen;
}
