// needs: services files
function inspect(args) {
  var rows = serviceInfo(null), there = false, i;
  for (i = 0; i < rows.length; i++) {
    if (rows[i].name.toLowerCase() === args.name.toLowerCase()) { there = true; }
  }
  if (!there) { rows = rows.concat(serviceInfo([args.name])); } // a driver is no row of the list
  return { services: rows, last_restart: trim(readTail(recordFile(args.name), 200) || '') };
}
function state(args) {
  var rows = serviceInfo([args.name]);
  return { state: rows.length ? rows[0].state : 'unknown' };
}
// For win_wait_for and win_reboot: {service name as asked: state}, "absent" for one that does not exist.
function states(args) {
  var rows = serviceInfo(args.names), found = {}, i, j;
  for (i = 0; i < args.names.length; i++) {
    found[args.names[i]] = 'absent';
    for (j = 0; j < rows.length; j++) {
      if (rows[j].name.toLowerCase() === args.names[i].toLowerCase()) { found[args.names[i]] = rows[j].state; }
    }
  }
  return found;
}
function start(args) { return startService(args.name); }
function stop(args) { return stopService(args.name); }
function mode(args) { return setStartMode(args.name, args.mode); }
function record(args) {
  toolkitFolder();
  writeText(recordFile(args.name), args.once);
  return {};
}
function recordFile(name) {
  return expand(remediateFolder) + '\\restarted-' + name.replace(/[^A-Za-z0-9_.\-]/g, '_') + '.txt';
}
