//go:build js && wasm

package jsws

// The glue is the part of a Socket that JavaScript runs: its listeners, the queue
// of events, and the copying of small messages into one memory, from which Go
// takes many at once. To enter Go costs 7 us, an object handed to Go 2 us, so a
// message should need neither.
//
// It is a WebAssembly module, because a Content Security Policy that lets Go
// run ('wasm-unsafe-eval') lets another module run, but no source of JavaScript
// ('unsafe-eval'). All it does is call built-in functions, which it imports. It
// needs WebAssembly 2.0: Chrome 96, Firefox 79, Safari 15, Node.js 17.2, or later.
//
// Each Socket has an instance of its own; they share the memory.

const (
	memorySize = 1 << 20  // 16 pages
	batchSize  = 64 << 10 // the part that drain puts records into
	smallSize  = 4 << 10  // the largest message that drain takes: bytes, or UTF-16 units
)

// The imports, in the order of their indices: functions of the Socket, functions
// of all Sockets, values, the memory.
const (
	fnSend   = "\x00" // (data): the socket's send
	fnWake   = "\x01" // (): enters Go at once
	fnLater  = "\x02" // (): enters Go in a task of its own
	fnGet    = "\x03" // (object, key) value: Reflect.get
	fnGetInt = "\x04" // the same as an integer; undefined is 0
	fnObject = "\x05" // (value) object: Object
	fnList   = "\x06" // (value) array: Array.of
	fnView   = "\x07" // (array of an ArrayBuffer) Uint8Array: Reflect.construct
	fnEncode = "\x08" // (string, Uint8Array) object: encodeInto of a TextEncoder
	fnDecode = "\x09" // (Uint8Array) string: decode of a TextDecoder
	fnSet    = "\x0a" // (Uint8Array, offset): set of the memory
	fnSlice  = "\x0b" // (begin, end) Uint8Array: subarray of the memory

	keyData       = "\x00"
	keyLength     = "\x01"
	keyByteLength = "\x02"
	keyWritten    = "\x03"
)

// The instance's state, and what it exports.
const (
	head  = "\x04" // the queue stands in the table from head
	tail  = "\x05" // to tail, exclusively
	armed = "\x06" // what the next message does: armedNot, armedNow, armedLater
	over  = "\x07" // 1 after stop

	fnPush = "\x0c"
)

// The functions that the module defines, their types, names and bodies, in one
// order.
const (
	functionCount = "\x0a"
	functions     = typeRef + typeRef + typeRef + typeNone + typeToRef + typeIntToInt + typeRefToInt + typeRefToInt + typeIntToRef + typeIntInt

	exportNames = functionCount +
		"\x04push" + "\x00" + fnPush +
		"\x09onMessage" + "\x00\x0d" +
		"\x07onEvent" + "\x00\x0e" +
		"\x04stop" + "\x00\x0f" +
		"\x04take" + "\x00\x10" +
		"\x05drain" + "\x00\x11" +
		"\x06length" + "\x00\x12" +
		"\x06encode" + "\x00\x13" +
		"\x06decode" + "\x00\x14" +
		"\x04send" + "\x00\x15"

	code = functionCount +
		sizePush + bodyPush + sizeOnMessage + bodyOnMessage + sizeOnEvent + bodyOnEvent +
		sizeStop + bodyStop + sizeTake + bodyTake +
		sizeDrain + bodyDrain + sizeLength + bodyLength + sizeEncode + bodyEncode + sizeDecode + bodyDecode + sizeSend + bodySend
)

const (
	armedNot = iota
	armedNow
	armedLater
)

// push (x): appends x to the queue, before stop.
const bodyPush = "\x00" +
	globalGet + over + ifThen + none + ret + end +
	globalGet + tail + tableSize + i32Eq + ifThen + none + // full: twice as large
	refNull + tableSize + tableGrow + drop +
	end +
	globalGet + tail + localGet + "\x00" + tableSet +
	globalGet + tail + i32One + i32Add + globalSet + tail +
	end

// onMessage (event): the listener of "message". It queues the data and wakes Go
// when it was asked to.
const bodyOnMessage = "\x01\x01" + i32 + // local 1: what is armed
	localGet + "\x00" + globalGet + keyData + call + fnGet + call + fnPush +
	globalGet + armed + localSet + "\x01" +
	i32Zero + globalSet + armed +
	localGet + "\x01" + i32One + i32Eq + ifThen + none + call + fnWake + end +
	localGet + "\x01" + i32Two + i32Eq + ifThen + none + call + fnLater + end +
	end

// onEvent (event): the listener of the others. They come once each, and wake Go
// always.
const bodyOnEvent = "\x00" +
	localGet + "\x00" + call + fnPush +
	i32Zero + globalSet + armed +
	globalGet + over + ifThen + none + ret + end +
	call + fnWake +
	end

// stop (): empties the queue for good; nothing enters Go any more.
const bodyStop = "\x00" +
	i32One + globalSet + over +
	i32Zero + globalSet + armed +
	i32Zero + globalSet + head + i32Zero + globalSet + tail +
	i32Zero + refNull + tableSize + tableFill +
	end

// take () value: takes the oldest off the queue, null when it is empty.
const bodyTake = "\x01\x01" + externref + // local 0: it
	globalGet + head + globalGet + tail + i32Eq + ifThen + none + refNull + ret + end +
	globalGet + head + tableGet + localSet + "\x00" +
	globalGet + head + refNull + tableSet +
	globalGet + head + i32One + i32Add + globalSet + head +
	localGet + "\x00" +
	end

// drain (arm) size: takes messages off the queue for as long as they are small,
// not empty, and fit. Each becomes a record: four bytes of 2*length, plus one if
// it is text, and its bytes. The result is 2*(bytes of all records), plus one if
// there is more in the queue; if not, arm is what the next message does.
const bodyDrain = "\x02\x02" + i32 + "\x02" + externref + // locals 1, 2: size, length; 3, 4: data, as an object
	block + none + loop + none +
	globalGet + head + globalGet + tail + i32Eq + ifThen + none + // the queue is empty
	i32Zero + globalSet + head + i32Zero + globalSet + tail +
	localGet + "\x00" + globalSet + armed +
	localGet + "\x01" + i32One + i32Shl + ret +
	end +
	globalGet + head + tableGet + localTee + "\x03" + call + fnObject + localSet + "\x04" +
	localGet + "\x04" + globalGet + keyLength + call + fnGetInt + localTee + "\x02" + ifThen + none + // a string
	localGet + "\x02" + i32Small + i32GtU + brIf + "\x02" +
	localGet + "\x01" + localGet + "\x02" + i32Three + i32Mul + i32Add + i32Most + i32GtU + brIf + "\x02" +
	localGet + "\x03" + localGet + "\x01" + i32Four + i32Add + i32Batch + call + fnSlice +
	call + fnEncode + globalGet + keyWritten + call + fnGetInt + localSet + "\x02" +
	localGet + "\x01" + localGet + "\x02" + i32One + i32Shl + i32One + i32Or + i32Store +
	otherwise + // an ArrayBuffer, or an event, which has no byteLength
	localGet + "\x04" + globalGet + keyByteLength + call + fnGetInt + localTee + "\x02" +
	i32One + i32Sub + i32Small + i32GeU + brIf + "\x02" +
	localGet + "\x01" + localGet + "\x02" + i32Add + i32Most + i32GtU + brIf + "\x02" +
	localGet + "\x03" + call + fnList + call + fnView + localGet + "\x01" + i32Four + i32Add + call + fnSet +
	localGet + "\x01" + localGet + "\x02" + i32One + i32Shl + i32Store +
	end +
	globalGet + head + refNull + tableSet +
	globalGet + head + i32One + i32Add + globalSet + head +
	localGet + "\x01" + localGet + "\x02" + i32Add + i32Four + i32Add + localSet + "\x01" +
	br + "\x00" + end + end +
	localGet + "\x01" + i32One + i32Shl + i32One + i32Or +
	end

// length (string) length: in UTF-16 units.
const bodyLength = "\x00" +
	localGet + "\x00" + call + fnObject + globalGet + keyLength + call + fnGetInt +
	end

// encode (string) length: encodes into the memory what fits.
const bodyEncode = "\x00" +
	localGet + "\x00" + i32Zero + i32Memory + call + fnSlice + call + fnEncode + globalGet + keyWritten + call + fnGetInt +
	end

// decode (length) string: decodes the memory's first bytes.
const bodyDecode = "\x00" +
	i32Zero + localGet + "\x00" + call + fnSlice + call + fnDecode +
	end

// send (length, text): sends the memory's first bytes, as text when text is not 0.
const bodySend = "\x01\x01" + externref + // local 2: data
	i32Zero + localGet + "\x00" + call + fnSlice + localSet + "\x02" +
	localGet + "\x01" + ifThen + none + localGet + "\x02" + call + fnDecode + localSet + "\x02" + end +
	localGet + "\x02" + call + fnSend +
	end

// Types of functions, by their indices.
const (
	typeRefRefToRef = "\x00"
	typeRefRefToInt = "\x01"
	typeRefToRef    = "\x02"
	typeRefInt      = "\x03"
	typeIntIntToRef = "\x04"
	typeRef         = "\x05"
	typeNone        = "\x06"
	typeToRef       = "\x07"
	typeIntToInt    = "\x08"
	typeRefToInt    = "\x09"
	typeIntToRef    = "\x0a"
	typeIntInt      = "\x0b"

	types = "\x0c" +
		"\x60\x02" + externref + externref + "\x01" + externref +
		"\x60\x02" + externref + externref + "\x01" + i32 +
		"\x60\x01" + externref + "\x01" + externref +
		"\x60\x02" + externref + i32 + "\x00" +
		"\x60\x02" + i32 + i32 + "\x01" + externref +
		"\x60\x01" + externref + "\x00" +
		"\x60\x00\x00" +
		"\x60\x00\x01" + externref +
		"\x60\x01" + i32 + "\x01" + i32 +
		"\x60\x01" + externref + "\x01" + i32 +
		"\x60\x01" + i32 + "\x01" + externref +
		"\x60\x02" + i32 + i32 + "\x00"
)

// Value types and instructions (WebAssembly core specification 2.0, section 5).
const (
	i32       = "\x7f"
	externref = "\x6f"
	none      = "\x40" // the type of a block without a result

	block     = "\x02"
	loop      = "\x03"
	ifThen    = "\x04"
	otherwise = "\x05"
	end       = "\x0b"
	br        = "\x0c"
	brIf      = "\x0d"
	ret       = "\x0f"
	call      = "\x10"
	drop      = "\x1a"
	localGet  = "\x20"
	localSet  = "\x21"
	localTee  = "\x22"
	globalGet = "\x23"
	globalSet = "\x24"
	tableGet  = "\x25\x00"
	tableSet  = "\x26\x00"
	i32Store  = "\x36\x00\x00"
	i32Eq     = "\x46"
	i32GtU    = "\x4b"
	i32GeU    = "\x4f"
	i32Add    = "\x6a"
	i32Sub    = "\x6b"
	i32Mul    = "\x6c"
	i32Or     = "\x72"
	i32Shl    = "\x74"
	refNull   = "\xd0" + externref
	tableFill = "\xfc\x11\x00"
	tableGrow = "\xfc\x0f\x00"
	tableSize = "\xfc\x10\x00"

	i32Zero   = "\x41\x00"
	i32One    = "\x41\x01"
	i32Two    = "\x41\x02"
	i32Three  = "\x41\x03"
	i32Four   = "\x41\x04"
	i32Small  = "\x41\x80\x20"         // smallSize
	i32Most   = "\x41\xfc\xff\x03"     // batchSize - 4
	i32Batch  = "\x41\x80\x80\x04"     // batchSize
	i32Memory = "\x41\x80\x80\xc0\x00" // memorySize
)

// The imports of the module "", each named by its index.
const imports = "\x11" +
	"\x00\x010\x00" + typeRef +
	"\x00\x011\x00" + typeNone +
	"\x00\x012\x00" + typeNone +
	"\x00\x013\x00" + typeRefRefToRef +
	"\x00\x014\x00" + typeRefRefToInt +
	"\x00\x015\x00" + typeRefToRef +
	"\x00\x016\x00" + typeRefToRef +
	"\x00\x017\x00" + typeRefToRef +
	"\x00\x018\x00" + typeRefRefToRef +
	"\x00\x019\x00" + typeRefToRef +
	"\x00\x0210\x00" + typeRefInt +
	"\x00\x0211\x00" + typeIntIntToRef +
	"\x00\x0212\x03" + externref + "\x00" +
	"\x00\x0213\x03" + externref + "\x00" +
	"\x00\x0214\x03" + externref + "\x00" +
	"\x00\x0215\x03" + externref + "\x00" +
	"\x00\x0216\x02\x01\x10\x10" // a memory of 16 pages, never more

// glue is the module in binary.
const glue = "\x00asm\x01\x00\x00\x00" +
	"\x01" + sizeTypes + types +
	"\x02" + sizeImports + imports +
	"\x03" + sizeFunctions + functionCount + functions +
	"\x04\x04\x01" + externref + "\x00\x10" + // the table, of 16 in the beginning
	"\x06\x15\x04" + state + state + state + state +
	"\x07" + sizeNames + exportNames +
	"\x0a" + sizeCode + code

const state = i32 + "\x01" + i32Zero + end // a variable that begins as 0

// The sizes of what goes before, in LEB128. A test computes them anew.
const (
	sizeTypes     = "\x3c"
	sizeImports   = "\x63"
	sizeFunctions = "\x0b"
	sizeNames     = "\x56"
	sizeCode      = "\xb9\x03"
	sizePush      = "\x27"
	sizeOnMessage = "\x28"
	sizeOnEvent   = "\x12"
	sizeStop      = "\x1c"
	sizeTake      = "\x24"
	sizeDrain     = "\xca\x01"
	sizeLength    = "\x0a"
	sizeEncode    = "\x13"
	sizeDecode    = "\x0a"
	sizeSend      = "\x1b"
)
