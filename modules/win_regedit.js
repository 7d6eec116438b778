// needs: regtyped
function inspect(args) {
  var seen = args.name === null ? { exists: false, type: '', value: null } : regTyped(args.key, args.name, regTypes(args.key));
  seen.key_exists = seen.exists || regKeyExists(args.key) === true;
  return seen;
}
function write(args) {
  regWriteTyped(args.key, args.name, args.type, args.value);
  return {};
}
function create(args) {
  regCreateKey(args.key);
  return {};
}
// Deletes one value, or with name null the whole key.
function remove(args) {
  if (args.name !== null) {
    regDelete(args.key + '\\' + args.name);
    return {};
  }
  return { gone: regDeleteTree(args.key) };
}
