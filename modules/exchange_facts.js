// needs: files registry services wmi jobs verdicts
// Everything the Exchange playbooks decide on, read in one go; each field has its own sources and falls back on its own.

var EX_SETUP = 'HKLM\\SOFTWARE\\Microsoft\\Exchange\\Setup';
var EX_UPDATES = 'HKLM\\SOFTWARE\\Microsoft\\Updates';
var EX_WINNT = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
var EX_CONTROL = 'HKLM\\SYSTEM\\CurrentControlSet\\Control';
var EX_REBOOT = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired';
var EX_PRODUCTS = {
  '55': 'Exchange Server 5.5', '60': 'Exchange 2000 Server', '65': 'Exchange Server 2003', '80': 'Exchange Server 2007',
  '140': 'Exchange Server 2010', '150': 'Exchange Server 2013 or later'
};

function inspect(args) {
  var sources = {}, seen = { sources: sources }, jobs = tryValue(jobsJudged, null), names = exServiceNames(args.services, jobs);
  var all = exAllServices(names);
  seen.os = exOs(sources);
  seen.exchange = exProduct(args, sources, all);
  seen.files = exFiles(args.files, seen.exchange.install_path, sources);
  exBuild(seen, args.key_file, sources);
  seen.services = exServices(all, names, sources);
  seen.exchange.cluster = exCluster(all, sources);
  seen.hotfixes = exHotfixes(args.kbs, sources);
  seen.uninstall_folders = exUninstall(args.uninstall_folders);
  seen.disk = {
    system_free: exFree(expand('%SystemDrive%')),
    install_free: seen.exchange.install_path ? exFree(seen.exchange.install_path) : null
  };
  seen.pending = exPending();
  seen.installers_running = exInstallers(args.installers, sources);
  seen.jobs = jobs;
  seen.stores = exStores(args, seen, sources);
  seen.time = exTime();
  return seen;
}

// Those asked for, and those an installer of ours found here that nobody has dealt with yet.
function exServiceNames(names, jobs) {
  var all = names.concat([]), known = {}, i, j, before;
  for (i = 0; i < all.length; i++) { known[all[i].toLowerCase()] = true; }
  for (i = 0; jobs !== null && i < jobs.length; i++) {
    before = jobs[i].settled ? [] : jobs[i].services_before || [];
    for (j = 0; j < before.length; j++) {
      if (!known[String(before[j].name).toLowerCase()]) { all.push(String(before[j].name)); }
      known[String(before[j].name).toLowerCase()] = true;
    }
  }
  return all;
}

// Without WMI every service costs a run of sc.exe, so only those asked for and their dependents are looked at then.
function exAllServices(names) {
  var list = wmiAlive() ? tryValue(function () { return serviceInfo(null); }, null) : null, more;
  if (list === null || !list.length) {
    more = names.length ? tryValue(function () { return serviceDependents(names); }, []) : [];
    list = tryValue(function () { return serviceInfo(names.concat(more, ['ClusSvc'])); }, null);
  }
  return list;
}

// The first source that has an answer; which one it was is kept under the field's name.
function exFirst(sources, field, readers) {
  var value = exTry(sources, field, readers);
  if (value === null) { note(field, 'no source could tell'); }
  return value;
}

function exTry(sources, field, readers) {
  var i, value;
  sources[field] = null;
  for (i = 0; i < readers.length; i += 2) {
    value = tryValue(readers[i + 1], null);
    if (value !== null && typeof value !== 'undefined' && value !== '') {
      sources[field] = readers[i];
      return value;
    }
  }
  return null;
}

function exReg(path) { return function () { return regValue(path); }; }

function exWmi(property) {
  return function () {
    var rows = wmiQuery('root\\cimv2', 'SELECT ' + property + ' FROM Win32_OperatingSystem', [property]);
    return rows !== null && rows.length ? rows[0][property] : null;
  };
}

function exOs(sources) {
  return {
    version: exFirst(sources, 'os.version', ['registry', function () {
      var version = regValue(EX_WINNT + '\\CurrentVersion'), build = regValue(EX_WINNT + '\\CurrentBuildNumber');
      return version === null ? null : version + (build === null ? '' : '.' + build);
    }, 'wmi', exWmi('Version')]),
    service_pack: exFirst(sources, 'os.service_pack', ['registry', exOsServicePack, 'wmi', exWmi('ServicePackMajorVersion')]),
    language: exFirst(sources, 'os.language', ['registry', function () {
      var code = regValue(EX_CONTROL + '\\Nls\\Language\\InstallLanguage');
      return code === null ? null : parseInt(code, 16);
    }, 'wmi', exWmi('OSLanguage')]),
    product: exFirst(sources, 'os.product', ['registry', exReg(EX_WINNT + '\\ProductName'), 'wmi', exWmi('Caption')]),
    computer: exFirst(sources, 'os.computer', ['registry', exReg(EX_CONTROL + '\\ComputerName\\ActiveComputerName\\ComputerName'),
      'environment', function () { var name = expand('%COMPUTERNAME%'); return name.charAt(0) === '%' ? null : name; }]),
    boot: exTry(sources, 'os.boot', ['wmi', function () { return wmiTime(exWmi('LastBootUpTime')()); }])
  };
}

// Without any service pack Windows leaves the value out, so a missing value beside a readable version means 0.
function exOsServicePack() {
  var text = regValue(EX_WINNT + '\\CSDVersion'), found;
  if (text === null) { return regValue(EX_WINNT + '\\CurrentVersion') === null ? null : 0; }
  found = /(\d+)/.exec(text);
  return found ? parseInt(found[1], 10) : null;
}

function exService(all, name) {
  var i;
  for (i = 0; all !== null && i < all.length; i++) {
    if (all[i].name.toLowerCase() === name.toLowerCase()) { return all[i]; }
  }
  return null;
}

function exProduct(args, sources, all) {
  var path = exInstallPath(args, sources, all), version = exServicesVersion(sources), product = {};
  product.installed = path !== null || version !== null;
  if (!product.installed && sources['os.version'] !== 'registry') { product.installed = null; } // the registry itself is silent
  product.install_path = path;
  product.services_version = version;
  product.product = null;
  product.service_pack = null;
  product.language = null; // no documented place names the language of Exchange itself: that of Windows stands in
  product.front_end = null; // known to the directory, not to the server
  sources['exchange.front_end'] = null;
  if (product.installed) {
    product.service_pack = exFirst(sources, 'exchange.service_pack', ['registry', exReg(EX_SETUP + '\\ServicePackNumber')]);
    product.product = exFirst(sources, 'exchange.product', ['registry', function () { return exName(version); },
      'uninstall', exReg('HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Microsoft Exchange\\DisplayName')]);
  }
  return product;
}

function exName(version) {
  var key = String(version);
  return EX_PRODUCTS.hasOwnProperty(key) ? EX_PRODUCTS[key] : null;
}

function exInstallPath(args, sources, all) {
  var service = exService(all, 'MSExchangeIS'), path;
  path = exTry(sources, 'exchange.install_path', [
    'parameter', function () { return args.install_path ? expand(args.install_path) : null; },
    'registry', exReg(EX_SETUP + '\\Services'),
    'registry (MsiInstallPath)', exReg(EX_SETUP + '\\MsiInstallPath'),
    'service', function () {
      var found = /"?([A-Za-z]:\\.*)\\bin\\store\.exe/i.exec(service === null ? '' : service.path);
      return found ? found[1] : null;
    }
  ]);
  return path === null ? null : String(path).replace(/[\\\/]+$/, '');
}

function exServicesVersion(sources) {
  return exTry(sources, 'exchange.services_version', [
    'registry', function () { var v = regValue(EX_SETUP + '\\Services Version'); return v === null ? null : Number(v); },
    'registry (MsiProduct)', function () {
      var major = regValue(EX_SETUP + '\\MsiProductMajor'), minor = regValue(EX_SETUP + '\\MsiProductMinor');
      return major === null || minor === null ? null : Number(major) * 10 + Number(minor);
    },
    'registry (later releases)', function () { return exLater('v15', 150) || exLater('v14', 140); }
  ]);
}

// Newer releases keep their setup elsewhere; they are named only to be told apart from "no Exchange".
function exLater(name, version) {
  return regValue('HKLM\\SOFTWARE\\Microsoft\\ExchangeServer\\' + name + '\\Setup\\MsiInstallPath') === null ? null : version;
}

function exFiles(names, folder, sources) {
  var files = {}, i, name, info;
  for (i = 0; i < names.length; i++) {
    name = names[i].toLowerCase();
    files[name] = null;
    if (!folder) { continue; }
    info = exFile(folder + '\\bin\\' + names[i], 'files.' + name + '.version', sources);
    files[name] = info;
  }
  return files;
}

function exFile(path, field, sources) {
  var info = tryValue(function () { return fileInfo(path); }, null);
  if (info === null || !info.exists) {
    sources[field] = info === null ? null : 'file';
    return info;
  }
  info.version = exFirst(sources, field, [
    'file', function () { return info.version; },
    'wmi', function () {
      var rows = wmiQuery('root\\cimv2', 'SELECT Version FROM CIM_DataFile WHERE Name = ' + wmiQuote(path), ['Version']);
      return rows !== null && rows.length ? rows[0].Version : null;
    }
  ]);
  return info;
}

// The registry knows only the build of the service pack: enough to name a branch, never proof of a hotfix.
function exBuild(seen, keyFile, sources) {
  var key = seen.files[keyFile.toLowerCase()], product = seen.exchange, build, version = product.services_version;
  product.store_build = key && key.version ? key.version : null;
  product.store_build_source = product.store_build === null ? null : sources['files.' + keyFile.toLowerCase() + '.version'];
  if (product.store_build === null && product.installed && version !== null) {
    build = regValue(EX_SETUP + '\\ServicePackBuild');
    if (build !== null) {
      product.store_build = Math.floor(version / 10) + '.' + version % 10 + '.' + build + '.0';
      product.store_build_source = 'registry';
      note('exchange.store_build', keyFile + ' gave no version; this is the build of the service pack');
    }
  }
  sources['exchange.store_build'] = product.store_build_source;
}

// Exchange's own services, those asked for, and whatever depends on one of them.
function exServices(all, names, sources) {
  var wanted = {}, i, grew = true, kept = [];
  sources.services = all === null || !all.length ? null : all[0].source || null;
  if (all === null) { note('services', 'no source could list them'); return null; }
  for (i = 0; i < names.length; i++) { wanted[names[i].toLowerCase()] = true; }
  while (grew) {
    grew = false;
    for (i = 0; i < all.length; i++) {
      if (!wanted[all[i].name.toLowerCase()] && exWanted(all[i], wanted)) {
        wanted[all[i].name.toLowerCase()] = true;
        grew = true;
      }
    }
  }
  for (i = 0; i < all.length; i++) {
    if (wanted[all[i].name.toLowerCase()]) { kept.push(all[i]); }
  }
  return kept;
}

function exWanted(service, wanted) {
  var i, depends = service.depends || [];
  if (/^MSExchange/i.test(service.name)) { return true; }
  for (i = 0; i < depends.length; i++) {
    if (wanted[String(depends[i]).toLowerCase()]) { return true; }
  }
  return false;
}

function exCluster(all, sources) {
  var service = exService(all, 'ClusSvc');
  sources['exchange.cluster'] = all === null ? 'registry' : 'services';
  if (all === null) { return tryValue(function () { return regKeyExists('HKLM\\Cluster'); }, null); }
  return service !== null && service.state === 'running';
}

// Keys as found, with or without KB, below the service pack they will be part of (domain: the NEXT one).
function exHotfixes(kbs, sources) {
  var found = {}, products = ['Exchange Server 2000', 'Exchange Server 2003'], parents = [], keys = [], p, pack, lists, tails, i;
  sources.hotfixes = 'registry';
  for (p = 0; p < products.length; p++) {
    for (pack = 1; pack <= 4; pack++) { parents.push(products[p] + '\\SP' + pack); }
  }
  for (p = 0; p < parents.length; p++) { keys.push(EX_UPDATES + '\\' + parents[p]); }
  lists = tryValue(function () { return regSubKeysAll(keys); }, []);
  for (p = 0; p < parents.length; p++) {
    tails = exHotfixKeys(parents[p], lists.length > p ? lists[p] : null, kbs, sources);
    for (i = 0; i < tails.length; i++) { found[tails[i]] = exHotfixValues(EX_UPDATES + '\\' + tails[i]); }
  }
  return found;
}

function exHotfixKeys(parent, names, kbs, sources) {
  var tails = [], i, s, spellings = ['KB', ''], tail;
  for (i = 0; names !== null && i < names.length && i < 100; i++) { tails.push(parent + '\\' + names[i]); }
  if (names !== null) { return tails; }
  sources.hotfixes = 'registry (known names only)'; // nothing here can list keys: values expected in them are tried
  for (i = 0; i < kbs.length; i++) {
    for (s = 0; s < spellings.length; s++) {
      tail = parent + '\\' + spellings[s] + kbs[i];
      if (toJson(exHotfixValues(EX_UPDATES + '\\' + tail)) !== '{}') { tails.push(tail); }
    }
  }
  return tails;
}

function exHotfixValues(key) {
  var names = ['Description', 'InstalledDate', 'InstalledBy', 'PackageVersion', 'Type'], values = {}, i, value;
  for (i = 0; i < names.length; i++) {
    value = exRead(key + '\\' + names[i]);
    if (value !== null) { values[names[i]] = String(value); }
  }
  return values;
}

function exRead(path) { return tryValue(function () { return regValue(path); }, null); }

// Full paths of the folders that can take a package off again; the file system ignores case, so equal names count once.
function exUninstall(names) {
  var folders = [], seen = {}, i, path;
  for (i = 0; i < names.length; i++) {
    path = expand('%SystemRoot%') + '\\' + names[i];
    if (!seen[path.toLowerCase()] && exThere(path + '\\spuninst\\spuninst.exe')) { folders.push(path); }
    seen[path.toLowerCase()] = true;
  }
  return folders;
}

function exThere(path) { return tryValue(function () { return fso().FileExists(path); }, false); }

function exFree(drive) { return tryValue(function () { return freeBytes(drive); }, null); }

// An entry without a new name only deletes a leftover at the next boot; it replaces nothing that is in use.
function exPending() {
  var renames = pendingRenames(), sources = [], i;
  for (i = 0; i < renames.length; i++) {
    if (renames[i].to && !sources.length) { sources.push('PendingFileRenameOperations'); }
  }
  if (exRead(EX_UPDATES + '\\UpdateExeVolatile\\Flags')) { sources.push('UpdateExeVolatile'); }
  if (tryValue(function () { return regKeyExists(EX_REBOOT); }, null)) { sources.push('RebootRequired'); }
  return { reboot: sources.length > 0, renames: renames.slice(0, 50), sources: sources };
}

// msiexec with /V is the Windows Installer service, which stays for minutes after its last work: no install by itself.
function exInstallers(names, sources) {
  var list = tryValue(processes, null), found = [], i, j, name;
  sources.installers_running = list === null ? null : 'wmi';
  if (list === null) { note('installers_running', 'the process list could not be read'); return null; }
  for (i = 0; i < list.length; i++) {
    name = String(list[i].name).toLowerCase();
    if (name === 'msiexec.exe' && /\s[\/-]V\b/i.test(list[i].command || '')) { continue; }
    for (j = 0; j < names.length; j++) {
      if (name === names[j].toLowerCase() || (j === 0 && /^exchange(2000|2003)-.*\.exe$/.test(name))) {
        found.push({ name: list[i].name, pid: list[i].pid, command: list[i].command || null });
        break;
      }
    }
  }
  return found;
}

function exTime() {
  var zone = tryValue(bias, null);
  return { utc: tryValue(utcNow, null), bias_minutes: zone === null ? null : zone.minutes, bias_source: zone === null ? null : zone.source };
}

// Only the stores: {stores, source}. {key_file} as of inspect.
function stores(args) {
  var sources = {}, seen = { os: exOs(sources), exchange: { installed: true } };
  return { stores: exStores(args, seen, sources), source: sources.stores };
}

// Mailbox and public stores: [{name, group, kind, state}], null where nothing can tell. All of it is likely only: that CDOEXM is
// on every Exchange server, its numbers, and what the events say. Nothing is guessed where both are silent.
var EX_MOUNTED = ['mounted', 'dismounted', 'mounting', 'dismounting'];

function exStores(args, seen, sources) {
  var list = null;
  sources.stores = null;
  if (!seen.exchange.installed || args.stores === false) { return null; }
  try {
    list = exStoresByCdo(seen.os.computer);
    sources.stores = 'cdoexm';
  } catch (e) {
    note('stores', 'CDOEXM: ' + errorText(e));
    list = tryValue(function () { return exStoresByEvents(args.key_file || 'store.exe'); }, null);
    if (list !== null) { sources.stores = 'events'; }
  }
  if (list === null) { note('stores', 'no source could tell which stores are mounted'); }
  return list;
}

function exStoresByCdo(computer) {
  var server = new ActiveXObject('CDOEXM.ExchangeServer'), list = [], groups, group, i;
  server.DataSource.Open(computer);
  groups = exUrls(server.StorageGroups);
  for (i = 0; i < groups.length; i++) {
    group = new ActiveXObject('CDOEXM.StorageGroup');
    group.DataSource.Open(groups[i]);
    exStoresOf(list, group.Name, 'mailbox', exUrls(group.MailboxStoreDBs));
    exStoresOf(list, group.Name, 'public', exUrls(group.PublicStoreDBs));
  }
  return list;
}
function exUrls(value) { return safeArray(value) || []; }

function exStoresOf(list, group, kind, urls) {
  var i, store, entry;
  for (i = 0; i < urls.length; i++) {
    entry = { name: group + '\\' + urls[i], group: group, kind: kind, state: 'unknown' };
    try {
      store = new ActiveXObject(kind === 'public' ? 'CDOEXM.PublicStoreDB' : 'CDOEXM.MailboxStoreDB');
      store.DataSource.Open(urls[i]);
      entry.name = group + '\\' + store.Name;
      entry.state = EX_MOUNTED[store.Status] || 'unknown';
    } catch (e) { note('stores', entry.name + ': ' + errorText(e)); }
    list.push(entry);
  }
}

// What the store's own events say since it was started: 9523 a database was mounted, 9539 dismounted, 9518 a storage group did
// not start. Before that another process wrote them, and that one is gone.
function exStoresByEvents(keyFile) {
  var since = exStarted(keyFile), rows, list = [], known = {}, i, found;
  if (since === null) { return null; }
  rows = wmiQuery('root\\cimv2', "SELECT TimeGenerated, SourceName, EventCode, InsertionStrings, Message FROM Win32_NTLogEvent WHERE " +
    "Logfile = 'Application' AND (EventCode = 9523 OR EventCode = 9539 OR EventCode = 9518) AND TimeGenerated >= '" +
    wmiMoment(since) + "'", ['TimeGenerated', 'SourceName', 'EventCode', 'InsertionStrings', 'Message']);
  if (rows === null) { return null; }
  rows.sort(function (a, b) { return String(b.TimeGenerated) > String(a.TimeGenerated) ? 1 : -1; }); // the newest first
  for (i = 0; i < rows.length; i++) {
    found = /^MSExchangeIS/i.test(rows[i].SourceName) ? exStoreEvent(rows[i]) : null;
    if (found !== null && !known[found.name.toLowerCase()]) {
      known[found.name.toLowerCase()] = true;
      list.push(found);
    }
  }
  return list;
}
// When the process of the store was started; null where it does not run or nothing tells.
function exStarted(keyFile) {
  var list = processes(), i;
  for (i = 0; list !== null && i < list.length; i++) {
    if (String(list[i].name).toLowerCase() === keyFile.toLowerCase()) { return list[i].started; }
  }
  return null;
}
function exStoreEvent(row) {
  var text = row.InsertionStrings instanceof Array ? row.InsertionStrings.join(' ') : String(row.Message), m;
  if (Number(row.EventCode) === 9518) {
    m = /cn=([^\/]+)\/cn=InformationStore/i.exec(text);
    return m ? { name: m[1], group: m[1], kind: 'group', state: 'dismounted' } : null;
  }
  m = /"?([^"\\]+)\\([^"]+?)"?(?:$| (?:has been|was) )/.exec(text);
  if (!m) { return null; }
  return { name: m[1] + '\\' + m[2], group: m[1], kind: 'unknown', state: Number(row.EventCode) === 9523 ? 'mounted' : 'dismounted' };
}
