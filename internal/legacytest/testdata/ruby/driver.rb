# websocket-driver as a server; of the older drafts it has no client.
require 'websocket/driver'
require_relative 'spec'

REPORT[:library] = Gem::Specification.find_by_name('websocket-driver').version.to_s

# Wire is what the driver writes to.
class Wire
  def initialize(socket)
    @socket = socket
  end

  def write(bytes)
    @socket.write(bytes)
  end
end

NAMES = { 75 => 'hixie-75', 76 => 'hixie-76', 7 => 'hybi-7', 8 => 'hybi-8', 13 => 'hybi-13' }.freeze

def server
  socket = listen
  driver = WebSocket::Driver.server(Wire.new(socket), protocols: SPEC['offers'] || [])
  closed = nil
  driver.on(:connect) { driver.start }
  driver.on(:error) { |e| raise e.message }
  driver.on(:close) { |e| closed = e }
  driver.on(:message) do |e|
    e.data.is_a?(String) ? driver.text(e.data) : driver.binary(e.data)
    REPORT[:messages] += 1
    driver.close(SPEC['reason'], SPEC['code']) if SPEC['peerCloses'] && REPORT[:messages] == SPEC['messages']
  end
  until closed
    begin
      driver.parse(socket.readpartial(65_536))
    rescue EOFError
      REPORT[:ended] = 'eof'
      break
    end
    version = driver.version
    raise "the request has version #{version}" if version && version != NAMES[VERSION]
  end
  if closed
    # hixie-75 has no close frame: its driver tells the program's own close.
    REPORT[:ended] = VERSION == 75 ? 'eof' : 'close'
    REPORT[:code] = closed.code || 0
    REPORT[:reason] = closed.reason || ''
    socket.close_write
    # In hixie-76 it does not look for the answer to its own close frame.
    rest = socket.read
    raise "the answer to FF 00 is #{rest.inspect}" if VERSION == 76 && SPEC['peerCloses'] && rest != "\xFF\x00".b
  end
rescue Errno::EPIPE, Errno::ECONNRESET, Errno::ENOTCONN
  # The other side may have gone.
ensure
  socket&.close
end

report { server }
