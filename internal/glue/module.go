package glue

// Module is the glue in binary (WebAssembly core specification 2.0, section 5).
const Module = "\x00asm\x01\x00\x00\x00" +
	"\x01" + sizeTypes + types +
	"\x02" + sizeImports + imports +
	"\x03" + sizeFunctions + functions +
	"\x04\x07\x02" + externref + "\x00\x10" + externref + "\x00\x10" + // two tables, of 16 in the beginning
	"\x06\x24\x07" + state + state + state + state + state +
	i32 + "\x01" + i32Minus + end + externref + "\x01" + refNull + end +
	"\x07" + sizeNames + exportNames +
	"\x0a" + sizeCode + code

// Version, one byte, is part of the name of the function send. If a program
// hands in a module of another version, that name is missing, and the error has
// it.
const Version = "1"

// SendName is the name of the function send.
const SendName = "glue_wasm_" + Version

const state = i32 + "\x01" + i32Zero + end // a variable that begins as 0

// Types of functions, by their indices.
const (
	typeRefToRef    = "\x00"
	typeRefToInt    = "\x01"
	typeRef         = "\x02"
	typeRefRefToRef = "\x03"
	typeRefRefToInt = "\x04"
	typeRefInt      = "\x05"
	typeIntIntToRef = "\x06"
	typeIntIntToInt = "\x07"
	typeIntInt      = "\x08"
	typeIntToInt    = "\x09"
	typeIntToRef    = "\x0a"
	typeToRef       = "\x0b"
	typeNone        = "\x0c"

	types = "\x0d" +
		"\x60\x01" + externref + "\x01" + externref +
		"\x60\x01" + externref + "\x01" + i32 +
		"\x60\x01" + externref + "\x00" +
		"\x60\x02" + externref + externref + "\x01" + externref +
		"\x60\x02" + externref + externref + "\x01" + i32 +
		"\x60\x02" + externref + i32 + "\x00" +
		"\x60\x02" + i32 + i32 + "\x01" + externref +
		"\x60\x02" + i32 + i32 + "\x01" + i32 +
		"\x60\x02" + i32 + i32 + "\x00" +
		"\x60\x01" + i32 + "\x01" + i32 +
		"\x60\x01" + i32 + "\x01" + externref +
		"\x60\x00\x01" + externref +
		"\x60\x00\x00"
)

// The imports of the module "", each named by its index.
const imports = "\x13" +
	"\x00\x010\x00" + typeRef + // fnSend
	"\x00\x011\x00" + typeNone + // fnWake
	"\x00\x012\x00" + typeNone + // fnLater
	"\x00\x013\x00" + typeRefRefToRef + // fnData
	"\x00\x014\x00" + typeRefRefToInt + // fnGet
	"\x00\x015\x00" + typeRefToRef + // fnObject
	"\x00\x016\x00" + typeRefRefToInt + // fnSame
	"\x00\x017\x00" + typeRefToRef + // fnList
	"\x00\x018\x00" + typeRefToRef + // fnView
	"\x00\x019\x00" + typeRefToInt + // fnBytes
	"\x00\x0210\x00" + typeRefRefToRef + // fnEncode
	"\x00\x0211\x00" + typeRefToRef + // fnDecode
	"\x00\x0212\x00" + typeRefInt + // fnSet
	"\x00\x0213\x00" + typeIntIntToRef + // fnSlice
	"\x00\x0214\x00" + typeRefRefToRef + // fnRead
	"\x00\x0215\x03" + externref + "\x00" + // keyLength
	"\x00\x0216\x03" + externref + "\x00" + // keyWritten
	"\x00\x0217\x03" + externref + "\x00" + // keyData
	"\x00\x0218\x02\x01\x10\x10" // a memory of 16 pages, never more

// The functions that the module defines: their types, bodies and names.
const (
	functions = "\x0b" +
		typeRef + typeRefToInt + typeIntToRef + typeRef + typeRef + typeNone +
		typeNone + typeToRef + typeIntToInt + typeIntIntToInt + typeIntInt

	code = "\x0b" +
		sizePush + bodyPush + sizeKeep + bodyKeep + sizeFetch + bodyFetch + sizeOnMessage + bodyOnMessage +
		sizeOnEvent + bodyOnEvent + sizeStop + bodyStop + sizeForget + bodyForget + sizeTake + bodyTake +
		sizeDrain + bodyDrain + sizeLoad + bodyLoad + sizeSend + bodySend

	exportNames = "\x0b" +
		"\x04wake" + "\x00\x01" +
		"\x05later" + "\x00\x02" +
		"\x05fetch" + "\x00\x11" +
		"\x09onMessage" + "\x00\x12" +
		"\x07onEvent" + "\x00\x13" +
		"\x04stop" + "\x00\x14" +
		"\x06forget" + "\x00\x15" +
		"\x04take" + "\x00\x16" +
		"\x05drain" + "\x00\x17" +
		"\x04load" + "\x00\x18" +
		"\x0b" + SendName + "\x00\x19"
)

// Sizes in LEB128. A test computes them anew.
const (
	sizeTypes     = "\x42"
	sizeImports   = "\x6e"
	sizeFunctions = "\x0c"
	sizeNames     = "\x62"
	sizeCode      = "\xff\x04"
	sizePush      = "\x27"
	sizeKeep      = "\x3f"
	sizeFetch     = "\x1e"
	sizeOnMessage = "\x46"
	sizeOnEvent   = "\x16"
	sizeStop      = "\x1c"
	sizeForget    = "\x10"
	sizeTake      = "\x24"
	sizeDrain     = "\xe0\x01"
	sizeLoad      = "\x36"
	sizeSend      = "\x2c"
)

// Value types, instructions and numbers.
const (
	i32       = "\x7f"
	externref = "\x6f"
	none      = "\x40" // the type of a block without a result

	block       = "\x02"
	loop        = "\x03"
	ifThen      = "\x04"
	otherwise   = "\x05"
	tryBlock    = "\x06" // of the legacy exception handling
	catchAll    = "\x19"
	end         = "\x0b"
	br          = "\x0c"
	brIf        = "\x0d"
	ret         = "\x0f"
	call        = "\x10"
	drop        = "\x1a"
	localGet    = "\x20"
	localSet    = "\x21"
	localTee    = "\x22"
	globalGet   = "\x23"
	globalSet   = "\x24"
	storeKind   = "\x36\x00\x00" // i32.store at an address
	storeLength = "\x36\x00\x04" // and 4 bytes behind it
	i32Eqz      = "\x45"
	i32Eq       = "\x46"
	i32LtU      = "\x49"
	i32GtU      = "\x4b"
	i32Add      = "\x6a"
	i32Or       = "\x72"
	i32Shl      = "\x74"
	refNull     = "\xd0" + externref
	refIsNull   = "\xd1"

	tableGet  = "\x25\x00" // of the first table
	tableSet  = "\x26\x00"
	tableGrow = "\xfc\x0f\x00"
	tableSize = "\xfc\x10\x00"
	tableFill = "\xfc\x11\x00"
	keptGet   = "\x25\x01" // of the second
	keptSet   = "\x26\x01"
	keptGrow  = "\xfc\x0f\x01"
	keptSize  = "\xfc\x10\x01"
	keptFill  = "\xfc\x11\x01"

	i32Minus  = "\x41\x7f" // -1
	i32Zero   = "\x41\x00"
	i32One    = "\x41\x01"
	i32Two    = "\x41\x02"
	i32Header = "\x41\x08"             // HeaderSize
	i32Small  = "\x41\x80\x20"         // SmallSize
	i32Most   = "\x41\xf8\x9f\x03"     // BatchSize - HeaderSize - 3*SmallSize: where a record may begin
	i32Batch  = "\x41\x80\x80\x04"     // BatchSize
	i32Memory = "\x41\x80\x80\xc0\x00" // MemorySize
)
