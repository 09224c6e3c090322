// Package glue is the part of a Socket of package jsws that runs in JavaScript,
// as a binary WebAssembly module: the listeners, the queue of events, and the
// copying of messages to one memory, from which Go copies many at once. A call
// into Go takes 7 us, and passing an object to Go 2 us: a message should need
// neither.
//
// It is WebAssembly, because a Content Security Policy that allows Go
// ('wasm-unsafe-eval') allows another module, but no JavaScript source
// ('unsafe-eval'). The module only calls built-in functions, which it imports.
// It needs WebAssembly 2.0 with legacy exception handling, to catch JavaScript
// exceptions: Chrome 96, Firefox 100, Safari 15.2, Node.js 17.2, or later.
//
// Each Socket has an instance of its own; they share the memory. glue.wasm in
// the repository's root is the same module, for platforms that compile no
// WebAssembly at run time.
package glue

const (
	MemorySize = 1 << 20  // 16 pages
	BatchSize  = 64 << 10 // the part of the memory for drain's records
	SmallSize  = 4 << 10  // the largest message whose record has its bytes: in bytes, or UTF-16 units
	HeaderSize = 8        // of a record
)

// How the next message wakes Go, as drain's argument says: not, at once, or in
// a task of its own.
const (
	ArmedNot = iota
	ArmedNow
	ArmedLater
)

// The imports, in the order of their indices: functions of the Socket,
// functions of all Sockets, values, the memory.
const (
	fnSend   = "\x00" // (data): the socket's send
	fnWake   = "\x01" // (): enters Go at once. Exported, to be called with no event
	fnLater  = "\x02" // (): enters Go in a task of its own. Exported too
	fnData   = "\x03" // (MessageEvent, key) value: the getter of data, or fnRead; throws for others
	fnGet    = "\x04" // (object, key) integer: Reflect.get; undefined is 0
	fnObject = "\x05" // (value) object: Object
	fnSame   = "\x06" // (value, value) integer: Object.is
	fnList   = "\x07" // (value) array: Array.of
	fnView   = "\x08" // (array of a value) Uint8Array: Reflect.construct
	fnBytes  = "\x09" // (ArrayBuffer) integer: the getter of byteLength; throws for all else
	fnEncode = "\x0a" // (string, Uint8Array) object: encodeInto of a TextEncoder
	fnDecode = "\x0b" // (Uint8Array) string: decode of a TextDecoder
	fnSet    = "\x0c" // (Uint8Array, offset): set of the memory
	fnSlice  = "\x0d" // (begin, end) Uint8Array: subarray of the memory
	fnRead   = "\x0e" // (object, key) value: Reflect.get

	keyLength  = "\x00"
	keyWritten = "\x01"
	keyData    = "\x02"
)

// The instance's variables, and the functions that other functions call.
const (
	head  = "\x03" // the queue is in the first table, from head
	tail  = "\x04" // to tail, exclusively
	armed = "\x05" // what the next message does: ArmedNot, ArmedNow, ArmedLater
	over  = "\x06" // 1 after stop
	free  = "\x07" // all slots of the second table below it are used, by kept messages
	sent  = "\x08" // the length of the last message sent, -1 before
	bytes = "\x09" // a Uint8Array of as many of the memory's first bytes

	fnPush  = "\x0f"
	fnKeep  = "\x10"
	fnFetch = "\x11"
)

// push (x): appends x to the queue; after stop it does nothing.
const bodyPush = "\x00" +
	globalGet + over + ifThen + none + ret + end +
	globalGet + tail + tableSize + i32Eq + ifThen + none + // full: twice as large
	refNull + tableSize + tableGrow + drop +
	end +
	globalGet + tail + localGet + "\x00" + tableSet +
	globalGet + tail + i32One + i32Add + globalSet + tail +
	end

// keep (x) slot: puts x into the lowest free slot.
const bodyKeep = "\x01\x01" + i32 + // local 1: slot
	globalGet + free + localSet + "\x01" +
	block + none + loop + none +
	localGet + "\x01" + keptSize + i32Eq + ifThen + none + // full: twice as large
	refNull + keptSize + keptGrow + drop +
	end +
	localGet + "\x01" + keptGet + refIsNull + brIf + "\x01" +
	localGet + "\x01" + i32One + i32Add + localSet + "\x01" +
	br + "\x00" + end + end +
	localGet + "\x01" + localGet + "\x00" + keptSet +
	localGet + "\x01" + i32One + i32Add + globalSet + free +
	localGet + "\x01" +
	end

// fetch (slot) x: removes x from its slot; null after forget.
const bodyFetch = "\x01\x01" + externref + // local 1: x
	localGet + "\x00" + keptGet + localSet + "\x01" +
	localGet + "\x00" + refNull + keptSet +
	localGet + "\x00" + globalGet + free + i32LtU + ifThen + none +
	localGet + "\x00" + globalSet + free +
	end +
	localGet + "\x01" +
	end

// onMessage (event): the listener of "message". It queues the data, and wakes
// Go if armed says so.
//
// For an event of a class other than the platform's own (of a polyfill or a
// mock, or a Proxy) the platform's getter of data throws, and the data is read
// as a property; a getter of the class may throw as well. No exception may
// leave a listener: in Node.js it would end the process. Data that cannot be
// read, or is null, becomes an object, since a null in the queue means that an
// event follows.
const bodyOnMessage = "\x01\x01" + i32 + // local 1: the value of armed
	tryBlock + externref +
	tryBlock + externref +
	localGet + "\x00" + globalGet + keyData + call + fnData +
	catchAll + localGet + "\x00" + globalGet + keyData + call + fnRead + end +
	catchAll + refNull + end +
	localTee + "\x00" + refIsNull + ifThen + none + localGet + "\x00" + call + fnObject + localSet + "\x00" + end +
	localGet + "\x00" + call + fnPush +
	globalGet + armed + localSet + "\x01" +
	i32Zero + globalSet + armed +
	localGet + "\x01" + i32One + i32Eq + ifThen + none + call + fnWake + end +
	localGet + "\x01" + i32Two + i32Eq + ifThen + none + call + fnLater + end +
	end

// onEvent (event): the listener of the other events. It queues a null and the
// event, and always wakes Go: these events occur once each.
const bodyOnEvent = "\x00" +
	refNull + call + fnPush +
	localGet + "\x00" + call + fnPush +
	i32Zero + globalSet + armed +
	globalGet + over + ifThen + none + ret + end +
	call + fnWake +
	end

// stop (): empties the queue. Later events are ignored and do not enter Go.
const bodyStop = "\x00" +
	i32One + globalSet + over +
	i32Zero + globalSet + armed +
	i32Zero + globalSet + head + i32Zero + globalSet + tail +
	i32Zero + refNull + tableSize + tableFill +
	end

// forget (): drops the messages that are kept.
const bodyForget = "\x00" +
	i32Zero + globalSet + free +
	i32Zero + refNull + keptSize + keptFill +
	end

// take () value: removes and returns the oldest value of the queue, null if it
// is empty.
const bodyTake = "\x01\x01" + externref + // local 0: it
	globalGet + head + globalGet + tail + i32Eq + ifThen + none + refNull + ret + end +
	globalGet + head + tableGet + localSet + "\x00" +
	globalGet + head + refNull + tableSet +
	globalGet + head + i32One + i32Add + globalSet + head +
	localGet + "\x00" +
	end

// drain (arm) size: moves messages from the queue to records in the memory,
// until the queue is empty, there is no more room, or the next entry is another
// event or data other than a string or ArrayBuffer that is not empty. A record
// begins with 4 bytes of 4*slot, plus 2 if the message is kept in that slot,
// plus 1 if it is text, and 4 bytes of its length; unless it is kept, its bytes
// follow. The result is 2*(bytes of all records), plus 1 if the queue is not
// empty. If it is empty, arm is the new value of armed.
const bodyDrain = "\x02\x03" + i32 + "\x02" + externref + // locals 1, 2, 3: size, length, kind; 4, 5: data, data as an object
	block + none + loop + none +
	globalGet + head + globalGet + tail + i32Eq + ifThen + none + // the queue is empty
	i32Zero + globalSet + head + i32Zero + globalSet + tail +
	localGet + "\x00" + globalSet + armed +
	localGet + "\x01" + i32One + i32Shl + ret +
	end +
	localGet + "\x01" + i32Most + i32GtU + brIf + "\x01" +

	globalGet + head + tableGet + localTee + "\x04" + call + fnObject + localTee + "\x05" +
	localGet + "\x04" + call + fnSame + ifThen + none + // an object: only an ArrayBuffer has bytes
	tryBlock + i32 + localGet + "\x04" + call + fnBytes + catchAll + i32Zero + end + localSet + "\x02" +
	i32Zero + localSet + "\x03" +
	otherwise + // a string; null and numbers have no length
	localGet + "\x05" + globalGet + keyLength + call + fnGet + localSet + "\x02" +
	i32One + localSet + "\x03" +
	end +
	localGet + "\x02" + i32Eqz + brIf + "\x01" +

	localGet + "\x02" + i32Small + i32GtU + ifThen + none + // kept
	localGet + "\x01" + localGet + "\x02" + storeLength +
	localGet + "\x01" + localGet + "\x04" + call + fnKeep + i32Two + i32Shl + i32Two + i32Or + localGet + "\x03" + i32Or + storeKind +
	i32Zero + localSet + "\x02" +
	otherwise +
	localGet + "\x03" + ifThen + none +
	localGet + "\x04" + localGet + "\x01" + i32Header + i32Add + i32Batch + call + fnSlice +
	call + fnEncode + globalGet + keyWritten + call + fnGet + localSet + "\x02" +
	otherwise +
	localGet + "\x04" + call + fnList + call + fnView + localGet + "\x01" + i32Header + i32Add + call + fnSet +
	end +
	localGet + "\x01" + localGet + "\x02" + storeLength +
	localGet + "\x01" + localGet + "\x03" + storeKind +
	end +

	globalGet + head + refNull + tableSet +
	globalGet + head + i32One + i32Add + globalSet + head +
	localGet + "\x01" + localGet + "\x02" + i32Add + i32Header + i32Add + localSet + "\x01" +
	br + "\x00" + end + end +
	localGet + "\x01" + i32One + i32Shl + i32One + i32Or +
	end

// load (slot, text) length: copies the bytes of a kept message to the memory,
// which must have room for them. The result is -1 after forget.
const bodyLoad = "\x01\x01" + externref + // local 2: data
	localGet + "\x00" + call + fnFetch + localTee + "\x02" + refIsNull + ifThen + none + i32Minus + ret + end +
	localGet + "\x01" + ifThen + none +
	localGet + "\x02" + i32Zero + i32Memory + call + fnSlice + call + fnEncode + globalGet + keyWritten + call + fnGet + ret +
	end +
	localGet + "\x02" + call + fnList + call + fnView + i32Zero + call + fnSet +
	localGet + "\x02" + call + fnBytes +
	end

// send (length, text): sends the memory's first bytes, as text if text is not
// 0. It makes a new Uint8Array over them only if the length differs from the
// last one.
const bodySend = "\x01\x01" + externref + // local 2: data
	localGet + "\x00" + globalGet + sent + i32Eq + i32Eqz + ifThen + none +
	i32Zero + localGet + "\x00" + call + fnSlice + globalSet + bytes +
	localGet + "\x00" + globalSet + sent +
	end +
	globalGet + bytes + localSet + "\x02" +
	localGet + "\x01" + ifThen + none + localGet + "\x02" + call + fnDecode + localSet + "\x02" + end +
	localGet + "\x02" + call + fnSend +
	end
