// JScript 5.6's surface on a modern engine: COM objects as proxies over one door, and nothing JScript does not have.
// The door: door(op, handle, name, ...args) with primitives only. A string starting with \x01 is a tagged value.
(function (G, door) {
  "use strict";
  const GET = 0, PUT = 1, CALL = 2, ENUM = 3, CREATE = 4, MONIKER = 5, HOST = 6;
  const {Proxy, JSON, Error, Array, Date: Native, Object, RegExp, Math, String, Number} = G;
  const evaluate = G.eval, define = Object.defineProperty, METHOD = {};

  // the script loses most of the library below: what runs later is kept here
  const trunc = Math.trunc, abs = Math.abs, floor = Math.floor, call = G.Reflect.apply;
  const well_formed = String.prototype.isWellFormed, split = String.prototype.split, NUL = ['\0', 2];
  // the engine splits four times as fast as it searches
  const odd = v => !call(well_formed, v, []) || call(split, v, NUL).length > 1;
  const each = (list, work) => { const out = []; for (const v of list) out.push(work(v)); return out; };

  const stack_getter = Object.getOwnPropertyDescriptor(Error.prototype, 'stack');
  const stack_of = e => String(stack_getter && stack_getter.get ? stack_getter.get.call(e) : e.stack);

  // errors: number and description as JScript's
  const hide = (o, k, v) => define(o, k, {value: v, writable: true, configurable: true});
  function com_error(number, text, source) {
    const e = new Error(text);
    e.number = number; e.description = text;
    if (source) hide(e, 'source', source);
    return e;
  }
  const kinds = {TypeError: -2146823281, ReferenceError: -2146823279, RangeError: -2146823266, SyntaxError: -2146827286};
  const own = (k, get) => define(Error.prototype, k, {
    get, set(v) { define(this, k, {value: v, writable: true, enumerable: true, configurable: true}); },
    configurable: true
  });
  own('number', function () { return kinds[this.name] || 0; });
  own('description', function () { return this.message; });
  hide(Error.prototype, 'toString', function () { return '[object Error]'; });

  // values to the host
  function com_out(v) {
    switch (typeof v) {
      case 'string':  // a long concatenation is a rope inside the engine, which cannot cross: join makes it flat
        return odd(v) || v.charCodeAt(0) === 1 ? [`\x01j${JSON.stringify(v)}`].join('') : [v].join('');
      case 'number': case 'boolean': return v;
      case 'undefined': return null;
      default:
        if (v === null) return null;
        if (v instanceof SafeArray) return '\x01a' + JSON.stringify(each(v.items, com_out));
        if (v instanceof VtDate) return '\x01l' + v.local;
        if (!(v instanceof Array) && v.__com__ !== undefined) return '\x01h' + v.__com__;
        return '\x01o' + JSON.stringify(String(v));
    }
  }
  // values from the host
  function com_in(v) { return typeof v === 'string' && v.charCodeAt(0) === 1 ? com_tagged(v) : v; }
  function com_tagged(v) {
    const rest = v.slice(2);
    switch (v.charAt(1)) {
      case 'm': return METHOD;
      case 'h': return com_wrap(+rest, {});
      case 'f': return com_wrap(+rest, () => {});
      case 'j': return JSON.parse(rest);
      case 'l': return new VtDate(+rest);
      case 'a': return new SafeArray(each(JSON.parse(rest), com_in));
      case 'u': return undefined;
      default: { const e = JSON.parse(rest); throw com_error(e.number, e.text, e.source); }
    }
  }
  function com_send(op, h, name, args) {
    const n = args.length;
    if (n === 0) return com_in(door(op, h, name));
    if (n === 1) return com_in(door(op, h, name, com_out(args[0])));
    const out = [];
    for (let i = 0; i < n; i++) out.push(com_out(args[i]));
    return com_in(door(op, h, name, ...out));
  }
  const NONE = [];
  function com_wrap(h, target) {
    const methods = {};
    return new Proxy(target, {
      get: function com_get(t, k) {
        if (k === '__com__') return h;
        if (typeof k === 'symbol') return undefined;
        if (k === 'valueOf' || k === 'toString') return () => com_send(CALL, h, '', NONE);
        const known = methods['$' + k];
        if (known !== undefined) return known;
        const v = com_send(GET, h, k, NONE);
        if (v !== METHOD) return v;
        return methods['$' + k] = function com_method() { return com_send(CALL, h, k, arguments); };
      },
      set: function com_put(t, k, v) { com_send(PUT, h, k, [v]); return true; },
      has() { return false; },
      ownKeys() { return []; },
      getPrototypeOf() { return null; },
      apply: function com_apply(t, self, args) { return com_send(CALL, h, '', args); }
    });
  }

  // SAFEARRAY and VT_DATE: opaque until VBArray or Date takes them
  class SafeArray {
    constructor(items) { this.items = items; }
    toString() { throw com_error(-2146828275, 'Type mismatch'); }
  }
  class VtDate {
    constructor(local) { hide(this, 'local', local); }
    valueOf() { return from_local(this.local); }
    toString() { return show(from_local(this.local)); }
  }

  // dates by the host's clock and zone, not the controller's
  let zone = null;
  function bias(ms) {
    if (zone === null) zone = door(HOST, 0, 'zone').split(' '); zone = [+zone[0], +zone[1], +zone[2]];
    return summer(ms) === !!zone[2] ? zone[0] : zone[1];
  }
  function summer(ms) { const m = new Native(ms).getUTCMonth(); return m > 2 && m < 10; }
  function from_local(ms) { return ms + bias(ms + bias(ms) * 6e4) * 6e4; }
  const DAYS = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ');
  const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const two = n => (n < 10 ? '0' : '') + n;
  function show(ms) {
    if (isNaN(ms)) return 'NaN';
    const b = bias(ms), d = new Native(ms - b * 6e4), a = abs(b);
    return DAYS[d.getUTCDay()] + ' ' + MONTHS[d.getUTCMonth()] + ' ' + d.getUTCDate() + ' ' + clock(d) + ' UTC' +
      (b > 0 ? '-' : '+') + two(floor(a / 60)) + two(a % 60) + ' ' + d.getUTCFullYear();
  }
  function clock(d) { return two(d.getUTCHours()) + ':' + two(d.getUTCMinutes()) + ':' + two(d.getUTCSeconds()); }
  function parse(text) {
    text = String(text);
    if (/^\s*\d{4}-/.test(text)) return NaN;        // ISO 8601 came with ES5
    const fixed = /(UTC|GMT|Z)/i.test(text), ms = Native.parse(fixed ? text : text + ' UTC');
    return fixed ? ms : from_local(ms);
  }
  function HostDate(...a) {
    if (!new.target) return show(door(HOST, 0, 'now'));
    let ms;
    if (a.length === 0) ms = door(HOST, 0, 'now');
    else if (a.length > 1) ms = from_local(Native.UTC(...a));
    else {
      const v = a[0] !== null && typeof a[0] === 'object' ? a[0].valueOf() : a[0];
      ms = typeof v === 'string' ? parse(v) : trunc(Number(v));
    }
    hide(this, '__ms', ms);
  }
  const DP = HostDate.prototype;
  for (const part of 'FullYear Month Date Day Hours Minutes Seconds Milliseconds'.split(' ')) {
    hide(DP, 'getUTC' + part, function () { return new Native(this.__ms)['getUTC' + part](); });
    hide(DP, 'get' + part, function () { return new Native(this.__ms - bias(this.__ms) * 6e4)['getUTC' + part](); });
    if (part === 'Day') continue;
    hide(DP, 'setUTC' + part, function (...a) { return this.__ms = new Native(this.__ms)['setUTC' + part](...a); });
    hide(DP, 'set' + part, function (...a) {
      return this.__ms = from_local(new Native(this.__ms - bias(this.__ms) * 6e4)['setUTC' + part](...a));
    });
  }
  const shapes = {
    getTime() { return this.__ms; }, valueOf() { return this.__ms; }, setTime(v) { return this.__ms = trunc(+v); },
    getTimezoneOffset() { return bias(this.__ms); }, toString() { return show(this.__ms); },
    getYear() { const y = this.getFullYear(); return y > 1899 && y < 2000 ? y - 1900 : y; },
    toUTCString() {
      const d = new Native(this.__ms);
      return DAYS[d.getUTCDay()] + ', ' + d.getUTCDate() + ' ' + MONTHS[d.getUTCMonth()] + ' ' + d.getUTCFullYear() +
        ' ' + clock(d) + ' UTC';
    },
    toDateString() { return show(this.__ms).replace(/ \d\d:.*? (\d+)$/, ' $1'); },
    toTimeString() { return show(this.__ms).replace(/^.*? (\d\d:.*) \d+$/, '$1'); },
    toLocaleString() { return show(this.__ms); },
    toLocaleDateString() { return this.toDateString(); }, toLocaleTimeString() { return this.toTimeString(); }
  };
  for (const k of Object.getOwnPropertyNames(shapes)) hide(DP, k, shapes[k]);
  shapes.toGMTString = shapes.toUTCString; hide(DP, 'toGMTString', shapes.toUTCString);
  hide(HostDate, 'parse', parse);
  hide(HostDate, 'UTC', (...a) => Native.UTC(...a));

  // what WSH and JScript add
  hide(G, 'Date', HostDate);
  G.ActiveXObject = function com_create(progid) { return com_send(CREATE, 0, progid, NONE); };
  G.GetObject = function com_moniker(moniker) { return com_send(MONIKER, 0, moniker, NONE); };
  G.Enumerator = function com_enum(coll) {
    if (coll === null || coll === undefined || coll.__com__ === undefined) {
      throw com_error(-2146823281 + 15, 'Object not a collection');
    }
    const items = com_send(ENUM, coll.__com__, '', NONE).items;
    let i = 0;
    this.atEnd = () => i >= items.length;
    this.moveNext = () => { i++; };
    this.moveFirst = () => { i = 0; };
    this.item = () => i < items.length ? items[i] : undefined;
  };
  G.VBArray = function com_array(v) {
    if (!(v instanceof SafeArray)) throw com_error(-2146823275, 'VBArray expected');
    this.toArray = () => v.items.slice(0);
    this.getItem = i => v.items[i];
    this.lbound = () => 0;
    this.ubound = () => v.items.length - 1;
    this.dimensions = () => 1;
  };
  G.ScriptEngine = () => 'JScript';
  G.ScriptEngineMajorVersion = () => 5;
  G.ScriptEngineMinorVersion = () => 6;
  G.ScriptEngineBuildVersion = () => 8820;
  G.CollectGarbage = () => {};
  G.WScript = com_wrap(1, () => {});
  G.WSH = G.WScript;
  // called at the head of every catch block (see script.py): WScript.Quit cannot be caught
  hide(G, '__quit', e => { if (door(HOST, 0, 'quit')) throw e; });

  // hide what JScript 5.6 does not have
  const keep = {
    Array: 'concat join pop push reverse shift slice sort splice toLocaleString toString unshift',
    String: 'anchor big blink bold charAt charCodeAt concat fixed fontcolor fontsize indexOf italics lastIndexOf link ' +
      'localeCompare match replace search slice small split strike sub substr substring sup toLocaleLowerCase ' +
      'toLocaleUpperCase toLowerCase toString toUpperCase valueOf',
    Function: 'apply call toString', Boolean: 'toString valueOf',
    Object: 'hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf',
    Number: 'toExponential toFixed toLocaleString toPrecision toString valueOf',
    RegExp: 'compile exec test toString flags source global ignoreCase multiline lastIndex',
    Error: 'toString name message number description'
  };
  const statics = {
    Array: '', Object: '', String: 'fromCharCode', Function: '', Error: 'captureStackTrace', RegExp: '', Boolean: '',
    Number: 'MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY'
  };
  const names = Object.getOwnPropertyNames, remove = G.Reflect.deleteProperty;
  const strip = (o, kept) => {
    const ok = new G.Set(kept.split(' '));
    for (const n of names(o)) if (!ok.has(n) && n !== 'length' && n !== 'name' && n !== 'prototype') remove(o, n);
  };
  for (const c in keep) { strip(G[c].prototype, keep[c] + ' constructor'); strip(G[c], statics[c]); }
  strip(G.Math, 'E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max min pow ' +
    'random round sin sqrt tan');
  strip(G, 'NaN Infinity undefined parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI ' +
    'encodeURIComponent escape unescape eval Object Function Array String Boolean Number Date RegExp Error EvalError ' +
    'RangeError ReferenceError SyntaxError TypeError URIError Math ActiveXObject GetObject Enumerator VBArray ' +
    'ScriptEngine ScriptEngineMajorVersion ScriptEngineMinorVersion ScriptEngineBuildVersion CollectGarbage WScript WSH ' +
    '__quit');

  // what Python calls: runs a script; the answer is JSON of what was not caught, or nothing
  return function com_run(source) {
    try { evaluate(source); } catch (e) {
      if (!(e instanceof Error)) return JSON.stringify({kind: '', text: 'Exception thrown and not caught', stack: ''});
      return JSON.stringify({kind: e.name, text: e.message, stack: stack_of(e), source: e.source});
    }
    return '';
  };
})(this, __door);
