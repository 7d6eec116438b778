// needs:
// WMI, where it works: a damaged repository, Wine and a stopped service all answer null with a note, never an exception.
var wmiServices = {};
var wmiWorks = null;

function wmiConnect(namespace) {
  var key = namespace.toLowerCase();
  if (typeof wmiServices[key] === "undefined") {
    wmiServices[key] = null;
    wmiServices[key] = new ActiveXObject("WbemScripting.SWbemLocator").ConnectServer(".", namespace);
  }
  if (wmiServices[key] === null) { throw fail("WMI namespace " + namespace + " does not open"); }
  return wmiServices[key];
}
// Plain data of a WMI value: arrays become arrays, dates stay WMI's text, objects become null.
function wmiValue(value) {
  var kind = typeof value;
  if (value === null || kind === "undefined") { return null; }
  if (kind === "string" || kind === "number" || kind === "boolean") { return value; }
  return safeArray(value);
}
// The rows of a query as WMI objects; throws where WMI or enumeration does not work.
function wmiObjects(namespace, wql) {
  var rows = [], e;
  for (e = new Enumerator(wmiConnect(namespace).ExecQuery(wql)); !e.atEnd(); e.moveNext()) { rows.push(e.item()); }
  return rows;
}
// [{prop: value}] or null (with a note) when WMI is broken. A property the host's class lacks is null.
function wmiQuery(namespace, wql, props) {
  var rows = [], objects, i;
  try {
    objects = wmiObjects(namespace, wql);
    for (i = 0; i < objects.length; i++) { rows.push(wmiRow(objects[i], props)); }
    return rows;
  } catch (e) {
    note("wmi", namespace + ": " + wql.substring(0, 120) + ": " + errorText(e));
    return null;
  }
}
function wmiRow(object, props) {
  var row = {}, i;
  for (i = 0; i < props.length; i++) { row[props[i]] = wmiProperty(object, props[i]); }
  return row;
}
function wmiProperty(object, name) {
  return tryValue(function () { return wmiValue(object[name]); }, null);
}
// True when an enumeration worked: only then may a WMI method be called (Wine crashes in one, and cannot enumerate).
function wmiAlive() {
  var rows;
  if (wmiWorks === null) {
    rows = wmiQuery("root\\cimv2", "SELECT Caption FROM Win32_OperatingSystem", ["Caption"]);
    wmiWorks = rows !== null && rows.length > 0;
  }
  return wmiWorks;
}
// Calls a method of a WMI object with named inputs; its out-parameters. Only behind wmiAlive().
function wmiCall(object, method, inputs) {
  var params = null, key;
  for (key in inputs) {
    if (params === null) { params = object.Methods_.Item(method).InParameters.SpawnInstance_(); }
    params[key] = inputs[key];
  }
  return params === null ? object.ExecMethod_(method) : object.ExecMethod_(method, params);
}
function wmiQuote(text) { return "'" + String(text).replace(/\\/g, "\\\\").replace(/'/g, "\\'") + "'"; }

// UTC text of WMI's "20040915200100.000000-300"; null when there is none.
function wmiTime(text) {
  var m = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.\d+([+\-]\d+)/.exec(String(text));
  return m ? isoTime(Date.UTC(m[1], m[2] - 1, m[3], m[4], m[5], m[6]) - parseInt(m[7], 10) * 60000) : null;
}
// The other way: a UTC time as WMI writes it, local with minutes from UTC behind; then even a comparison of texts is right.
function wmiMoment(utc) {
  var minutes = bias().minutes, local = isoTime(isoToTime(utc) - minutes * 60000).replace(/[-:TZ]/g, '');
  return local + '.000000' + (minutes > 0 ? '-' : '+') + pad(Math.abs(minutes), 3);
}

// [{name, pid, parent, command, path, started}] or null. command is null on Windows 2000, whose class lacks it.
function processes() {
  var rows = wmiQuery("root\\cimv2", "SELECT * FROM Win32_Process",
    ["Name", "ProcessId", "ParentProcessId", "CommandLine", "ExecutablePath", "CreationDate"]);
  var list = [], i, r;
  if (rows === null) { return null; }
  for (i = 0; i < rows.length; i++) {
    r = rows[i];
    list.push({ name: r.Name, pid: r.ProcessId, parent: r.ParentProcessId, command: r.CommandLine,
      path: r.ExecutablePath, started: r.CreationDate === null ? null : wmiTime(r.CreationDate) });
  }
  return list;
}

// Starts a program with a hidden window, outside the process tree of this connection: its pid, or 0 when WMI did not start it.
function createProcess(cmdline) {
  var service, startup, out;
  if (!wmiAlive()) { return 0; }
  service = wmiConnect("root\\cimv2");
  startup = tryValue(function () {
    var s = service.Get("Win32_ProcessStartup").SpawnInstance_();
    s.ShowWindow = 0;
    return s;
  }, null);
  out = startup === null ?
    wmiCall(service.Get("Win32_Process"), "Create", { CommandLine: cmdline, CurrentDirectory: toolkitFolder() }) :
    wmiCall(service.Get("Win32_Process"), "Create",
      { CommandLine: cmdline, CurrentDirectory: toolkitFolder(), ProcessStartupInformation: startup });
  if (out.ReturnValue !== 0) {
    note("wmi", "Win32_Process.Create answered " + out.ReturnValue);
    return 0;
  }
  return out.ProcessId;
}
