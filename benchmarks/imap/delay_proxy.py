"""A TCP proxy on loopback that holds every byte back by half a round trip, each way.

``python delay_proxy.py TARGET_PORT RTT_MS`` prints the port it listens on and runs until killed.
"""

import asyncio
import sys


async def _delayed(reader, writer, delay):
    """Read at once, write later: the line is slow, not narrow."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()

    async def write():
        while (entry := await queue.get()) is not None:
            due, data = entry
            await asyncio.sleep(max(0.0, due - loop.time()))
            writer.write(data)
            await writer.drain()
        writer.close()

    writing = asyncio.create_task(write())
    while data := await reader.read(1 << 18):
        queue.put_nowait((loop.time() + delay, data))
    queue.put_nowait(None)
    await writing


async def _serve(target, delay):
    async def connected(reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(
            _delayed(reader, far_writer, delay),
            _delayed(far_reader, writer, delay),
            return_exceptions=True,
        )

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]) / 2000))
