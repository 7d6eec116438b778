// needs: wmi files
var BOOT_SOURCES = ['wmi', 'net statistics', 'pagefile'];

// {boot: {source, value}}: the first source that answers, or the one asked for.
function look(args) {
  var i, value;
  for (i = 0; i < BOOT_SOURCES.length; i++) {
    if (args.source && args.source !== BOOT_SOURCES[i]) { continue; }
    value = bootBy(BOOT_SOURCES[i]);
    if (value) {
      if (i > 0) { note('boot time', 'read by ' + BOOT_SOURCES[i]); }
      return { boot: { source: BOOT_SOURCES[i], value: value } };
    }
  }
  return { boot: { source: args.source || '', value: '' } };
}
function bootBy(source) {
  var rows;
  if (source === 'net statistics') { return bootByNet(); }
  if (source === 'pagefile') { return fileInfo('%SystemDrive%\\pagefile.sys').modified; }
  rows = wmiQuery('root\\cimv2', 'SELECT LastBootUpTime FROM Win32_OperatingSystem', ['LastBootUpTime']);
  return rows !== null && rows.length ? wmiTime(rows[0].LastBootUpTime) : null;
}
// The one line with a date, in whatever language; only compared, never understood.
function bootByNet() {
  var run = tryValue(function () { return shellRun('net statistics workstation'); }, null), lines, i;
  lines = run !== null && run.exit_code === 0 ? run.stdout.split(/\r?\n/) : [];
  for (i = 0; i < lines.length; i++) {
    if (lines[i].indexOf('\\\\') < 0 && /\d[\/.\-]\d+[\/.\-]\d/.test(lines[i])) { return trim(lines[i]); }
  }
  return null;
}
// Orders the restart, unless the host has restarted since the boot time given: the same call made twice restarts once.
function reboot(args) {
  var run;
  if (args.value && bootMoved(args)) { return { ok: true, text: 'restarted already' }; }
  run = shellRun('shutdown -r -f -t ' + args.delay + ' -c "' + args.message + '"');
  if (run.exit_code === 0 || run.exit_code === 1190) { return { ok: true, text: 'shutdown.exe' }; } // 1190: ordered already
  note('restart', 'ordered by WMI, because shutdown.exe ended with ' + run.exit_code);
  return rebootByWmi(trim(run.stdout));
}
// One boot time read twice may differ by a second or two.
function bootMoved(args) {
  var read = bootBy(args.source), before = isoToTime(args.value), now = isoToTime(read);
  if (isNaN(before) || isNaN(now)) { return read !== null && read !== args.value; }
  return Math.abs(now - before) > 5000;
}
function rebootByWmi(said) {
  var rows, e, code = -1;
  if (!wmiAlive()) { return { ok: false, text: said + '; and WMI does not work' }; }
  rows = GetObject('winmgmts:{impersonationLevel=impersonate,(Shutdown)}!\\\\.\\root\\cimv2').ExecQuery('SELECT * FROM Win32_OperatingSystem');
  for (e = new Enumerator(rows); !e.atEnd(); e.moveNext()) {
    code = wmiCall(e.item(), 'Win32Shutdown', { Flags: 6 }).ReturnValue; // 2 restart + 4 forced
  }
  return { ok: code === 0, text: 'Win32Shutdown answered ' + code };
}
