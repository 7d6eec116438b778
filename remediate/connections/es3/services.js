// needs: wmi registry
// Windows services. State by WMI, else sc.exe, else the shell; start mode and dependencies by the registry where WMI fails.
var SERVICES_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\";
var START_MODES = ["boot", "system", "auto", "manual", "disabled"];
var START_ERRORS = { 1: "not supported", 2: "access denied", 3: "services that depend on it are running", 5: "does not accept the request now",
  6: "was not started", 7: "did not answer in time", 8: "unknown failure", 9: "its program was not found", 10: "is running already",
  11: "the service database is locked", 12: "a service it depends on is gone", 13: "a service it depends on did not start",
  14: "is disabled", 15: "its account could not log on", 16: "is being removed", 24: "is paused" };

// [{name, display, state, start_mode, pid, depends, path, source}]; a name that does not exist is left out. null = all.
function serviceInfo(names) {
  var list = serviceRows("Win32_Service", names), found = {}, missing = [], i, extra;
  if (list === null) { return serviceFallback(names); }
  if (names) {
    for (i = 0; i < list.length; i++) { found[list[i].name.toLowerCase()] = true; }
    for (i = 0; i < names.length; i++) {
      if (!found[names[i].toLowerCase()] && regValue(SERVICES_KEY + names[i] + "\\Start") !== null) { missing.push(names[i]); }
    }
    if (missing.length) { // kernel drivers such as EXIFS are services too, but of another class
      extra = serviceRows("Win32_SystemDriver", missing);
      list = list.concat(extra === null ? serviceFallback(missing) : extra);
    }
  }
  return list;
}
function serviceRows(wmiClass, names) {
  var where = [], rows, list = [], i;
  if (names && names.length === 0) { return []; }
  for (i = 0; names && i < names.length; i++) { where.push("Name = " + wmiQuote(names[i])); }
  rows = wmiQuery("root\\cimv2", "SELECT * FROM " + wmiClass + (where.length ? " WHERE " + where.join(" OR ") : ""),
    ["Name", "DisplayName", "State", "StartMode", "PathName"].concat(wmiClass === "Win32_Service" ? ["ProcessId"] : []));
  if (rows === null) { return null; }
  for (i = 0; i < rows.length; i++) {
    list.push({ name: rows[i].Name, display: rows[i].DisplayName || rows[i].Name, state: stateWord(rows[i].State),
      start_mode: modeWord(rows[i].StartMode), pid: rows[i].ProcessId || null, depends: serviceDepends(rows[i].Name),
      path: rows[i].PathName || "", source: "wmi" });
  }
  return list;
}
function stateWord(text) {
  var word = String(text).toLowerCase().replace(/_/g, " ");
  if (word === "continue pending") { return "start pending"; }
  if (word === "pause pending") { return "stop pending"; }
  return /^(running|stopped|start pending|stop pending|paused)$/.test(word) ? word : "unknown";
}
function modeWord(text) {
  var word = String(text).toLowerCase();
  return /^(auto|manual|disabled|boot|system)$/.test(word) ? word : "unknown";
}
function serviceDepends(name) {
  var list = regValue(SERVICES_KEY + name + "\\DependOnService");
  return list instanceof Array ? list : [];
}

function serviceFallback(names) {
  var list = [], runs, needs, i, one, all = names || regSubKeys(SERVICES_KEY), queries = [], paths = [], found = [];
  if (all === null) { return []; }
  for (i = 0; i < all.length; i++) {
    one = serviceInRegistry(all[i], !names);
    if (one !== null) {
      found.push(one);
      queries.push('sc query "' + one.name + '"');
      paths.push(SERVICES_KEY + one.name + "\\DependOnService");
    }
  }
  needs = regAll(paths);
  runs = tryValue(function () { return shellRunAll(queries); }, []);
  for (i = 0; i < found.length; i++) {
    found[i].depends = needs[i] instanceof Array ? needs[i] : [];
    list.push(serviceWithState(found[i], runs.length > i ? runs[i] : null));
  }
  return list;
}
// Names of the services that depend on one of those named, or on one of such, by the registry; [] where it cannot be listed.
function serviceDependents(names) {
  var all = regSubKeys(SERVICES_KEY), paths = [], needs, wanted = {}, found = [], grew = true, i;
  if (all === null) {
    note("services", "what else depends on them could not be listed");
    return [];
  }
  for (i = 0; i < names.length; i++) { wanted[names[i].toLowerCase()] = true; }
  for (i = 0; i < all.length; i++) { paths.push(SERVICES_KEY + all[i] + "\\DependOnService"); }
  needs = regAll(paths);
  while (grew) {
    grew = false;
    for (i = 0; i < all.length; i++) {
      if (!wanted[all[i].toLowerCase()] && serviceNeeds(needs[i], wanted)) {
        wanted[all[i].toLowerCase()] = grew = true;
        found.push(all[i]);
      }
    }
  }
  return found;
}
function serviceNeeds(needs, wanted) {
  var i;
  for (i = 0; needs instanceof Array && i < needs.length; i++) {
    if (wanted[String(needs[i]).toLowerCase()]) { return true; }
  }
  return false;
}
function serviceByRegistry(name) {
  var service = serviceInRegistry(name, false);
  return service === null ? null :
    serviceWithState(service, tryValue(function () { return shellRun('sc query "' + name + '"'); }, null));
}
// All but the state and what it needs; null when there is none of that name.
function serviceInRegistry(name, win32Only) {
  var key = SERVICES_KEY + name + "\\", start = regValue(key + "Start"), type;
  if (start === null) { return null; }
  type = regValue(key + "Type");
  if (win32Only && !(type & 48)) { return null; }
  return { name: name, display: regValue(key + "DisplayName") || name, state: "unknown",
    start_mode: START_MODES[start] || "unknown", pid: null, depends: [],
    path: regValue(key + "ImagePath") || "", source: "none" };
}
function serviceWithState(service, run) {
  var state = serviceStateBySc(run) || serviceStateByShell(service.name);
  service.state = state.state;
  service.source = state.source;
  return service;
}
function serviceStateBySc(run) {
  var m = run === null ? null : /:\s+[1-7]\s+(STOPPED|START_PENDING|STOP_PENDING|RUNNING|CONTINUE_PENDING|PAUSE_PENDING|PAUSED)/.exec(run.stdout);
  if (!m) { return null; }
  note("services", "state by sc.exe");
  return { state: stateWord(m[1]), source: "sc" };
}
function serviceStateByShell(name) {
  try {
    note("services", "state by Shell.Application: pending states cannot be told");
    return { state: com("Shell.Application").IsServiceRunning(name) ? "running" : "stopped", source: "shell" };
  } catch (e) {
    note("services", name + ": " + errorText(e));
    return { state: "unknown", source: "none" };
  }
}

// Each asks and does not wait: {ok, code, text}. Asking for what is so already is ok.
function startService(name) { return serviceAsk(name, "StartService", {}, 'net start "' + name + '"', "running", 10); }
function stopService(name) { return serviceAsk(name, "StopService", {}, 'net stop "' + name + '"', "stopped", 6); }

// mode: auto, manual, disabled.
function setStartMode(name, mode) {
  var words = { auto: "Automatic", manual: "Manual", disabled: "Disabled" }, sc = { auto: "auto", manual: "demand", disabled: "disabled" };
  if (!words[mode]) { throw fail("start mode " + mode + " is none of auto, manual, disabled"); }
  return serviceAsk(name, "ChangeStartMode", { StartMode: words[mode] }, 'sc config "' + name + '" start= ' + sc[mode], null, -1);
}
function serviceAsk(name, method, inputs, command, wanted, already) {
  var objects, code, run, now;
  if (wmiAlive()) {
    objects = wmiObjects("root\\cimv2", "SELECT * FROM Win32_Service WHERE Name = " + wmiQuote(name));
    if (!objects.length) { return { ok: false, code: 1060, text: "there is no service " + name }; }
    code = wmiCall(objects[0], method, inputs).ReturnValue;
    return { ok: code === 0 || code === already, code: code, text: code === 0 ? "" : name + ": " + (START_ERRORS[code] || "code " + code) };
  }
  if (wanted !== null) {
    now = serviceByRegistry(name);
    if (now === null) { return { ok: false, code: 1060, text: "there is no service " + name }; }
    if (now.state === wanted) { return { ok: true, code: 0, text: "" }; }
  }
  note("services", method + " by " + command.substring(0, command.indexOf(" ")) + ".exe");
  run = shellRun(command);
  return { ok: run.exit_code === 0, code: run.exit_code, text: run.exit_code === 0 ? "" : trim(run.stdout).substring(0, 500) };
}
