package glue

// The scripts create the module's imports and instances by calling JavaScript
// functions, one call per line. The tests compile them, with -update, into the
// tables of compiled.go, which package jsws interprets: as Go code they would
// be several times as large in a page.
//
//	name call object.method ARGUMENTS...   the method of the object
//	name new Class ARGUMENTS...
//	name get object.property
//
// The first word names the result, "_" if nobody reads it. A path begins with a
// name or a global variable. An argument is a path, 'text, or a number. A line
// that calls something that is not a function fails with an error that has its
// name.
const (
	// These make functions (object, key) that call a getter.
	dataGetter = `getter call MessageEvent.prototype.__lookupGetter__ 'data
data call getter.call.bind getter`
	bytesGetter = `getter call ArrayBuffer.prototype.__lookupGetter__ 'byteLength
bytes call getter.call.bind getter`

	// preparation runs once. The decoder and the memory share their options: 16
	// is a number of pages, and true.
	preparation = `options new Object
_ call Reflect.set options 'fatal 16
_ call Reflect.set options 'ignoreBOM 16
_ call Reflect.set options 'initial 16
_ call Reflect.set options 'maximum 16
array get Uint8Array
decoder new TextDecoder 'utf-8 options
encoder new TextEncoder
pages new WebAssembly.Memory options
memory new Uint8Array pages.buffer
view call Reflect.construct.bind memory array
encode call encoder.encodeInto.bind encoder
decode call decoder.decode.bind decoder
set call memory.set.bind memory
slice call memory.subarray.bind memory
imports call Array.of data Reflect.get Object Object.is Array.of view bytes encode decode set slice Reflect.get 'length 'written 'data pages
module get ` + HandedIn

	// compilation compiles the module.
	compilation = `module new WebAssembly.Module code`

	// byChannel and byTimeout make a Socket's instance of the module. later
	// enters Go in a task of its own: by a MessageChannel, or by a timeout
	// where there is none.
	beginning = `_ call Reflect.set ws 'binaryType 'arraybuffer
send call ws.send.bind ws
_ call ws.close.bind ws
`
	channel = `channel new MessageChannel
port get channel.port1
later call channel.port2.postMessage.bind channel.port2 '
`
	timeout = `later call setTimeout.bind globalThis woken
`
	instance = `own call Array.of send woken later
all call own.concat imports
object new Object
_ call Reflect.set object ' all
instance new WebAssembly.Instance module object
exports get instance.exports
drain get exports.drain
take get exports.take
load get exports.load
fetch get exports.fetch
_ call exports.` + SendName + `.bind ws
sendMemory get exports.` + SendName + `
stop get exports.stop
forget get exports.forget
enter get exports.later`
	listening = `
_ call Reflect.set port 'onmessage exports.wake`

	byChannel = beginning + channel + instance + listening
	byTimeout = beginning + timeout + instance

	// listeners, or handlers for an object without addEventListener, have the
	// events queued.
	listeners = `_ call ws.addEventListener 'message exports.onMessage
_ call ws.addEventListener 'open exports.onEvent
_ call ws.addEventListener 'error exports.onEvent
_ call ws.addEventListener 'close exports.onEvent`
	handlers = `_ call Reflect.set ws 'onmessage exports.onMessage
_ call Reflect.set ws 'onopen exports.onEvent
_ call Reflect.set ws 'onerror exports.onEvent
_ call Reflect.set ws 'onclose exports.onEvent`

	// Three ways to make url absolute: by the base URL of a page, by that of a
	// Worker, or, if it is absolute, by itself.
	byPage   = "resolved new URL url document.baseURI\nhref get resolved.href"
	byWorker = "resolved new URL url location.href\nhref get resolved.href"
	byItself = "resolved new URL url url\nhref get resolved.href"

	// origin gets the getter of readyState, and its source text and that of
	// send.
	origin = `getter call ws.__lookupGetter__ 'readyState
state call getter.bind ws
source call getter.toString
sendSource call ws.send.toString
both call Array.of source sendSource
sources call both.join '`
)

// HandedIn is the global variable that a program sets to the module, a
// WebAssembly.Module, on platforms that compile none at run time, such as
// workerd.
const HandedIn = "twinwsGlue"

// The registers that Go sets before it runs a script, or reads after it.
const (
	Nothing = iota
	Global  // globalThis
	Data    // fnData
	Bytes   // fnBytes
	Code    // a Uint8Array of Module
	Compiled
	Woken // a function that enters Go
	WebSocket
	Port
	Exports
	State
	Sources
	URL
	Href
	Drain // of the module, from here on
	Take
	Load
	Fetch
	SendMemory
	Stop
	Forget
	Enter
	Uint8Array
	Decoder
	Encoder
	Memory
	own
)

// The operations of instructions: functions of Reflect, and Argument.
const (
	Get = iota
	Set
	Construct // with the arguments
	Apply     // with the arguments
	Argument  // appends to them
)

// Size is the size of an instruction in bytes: the operation, two registers,
// and the register of the result.
const Size = 4

// FirstConstant is the register of the first constant. There are 256 registers.
const FirstConstant = 128
