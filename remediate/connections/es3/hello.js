// The smallest question to a host: which script host answers, as whom it runs, and what time it has.

// milliseconds are since 1970, UTC, by the host's clock; what cannot be read is "" with a note.
function hello() {
  return {
    milliseconds: new Date().getTime(),
    script_host: helloPart("script host", function () { return WScript.Version; }),
    engine: helloPart("engine", function () {
      return [ScriptEngineMajorVersion(), ScriptEngineMinorVersion(), ScriptEngineBuildVersion()].join(".");
    }),
    computer: helloPart("computer", function () { return com("WScript.Network").ComputerName; }),
    account: helloPart("account", function () {
      return com("WScript.Network").UserDomain + "\\" + com("WScript.Network").UserName;
    })
  };
}
function helloPart(what, fn) {
  try { return String(fn()); } catch (e) {
    note(what, errorText(e));
    return "";
  }
}
