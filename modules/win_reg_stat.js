// needs: regtyped
function inspect(args) {
  var types = regTypes(args.key), there, names, found, i;
  if (args.name !== null) { return regTyped(args.key, args.name, types); }
  there = regKeyExists(args.key) === true;
  found = { exists: there, properties: {}, sub_keys: there ? regSubKeys(args.key) : [] };
  names = there ? regValueNames(args.key) : [];
  for (i = 0; names !== null && i < names.length; i++) {
    there = regTyped(args.key, names[i], types);
    found.properties[names[i]] = { type: there.type, value: there.value };
  }
  return found;
}
