/**
 * Loads a PKCS#11 module and does with it what it is told. A process of its own: the module is native code of another
 * maker, and what it breaks is mended by starting this again.
 */
import { createRequire } from 'node:module';
import { Driver } from './driver.ts';
import { type Library, withLocks } from './library.ts';
import { DeviceError, type ModuleAnswer, type ModuleCall } from './wire.ts';

interface Module extends Library {
  load(path: string): void;
}

function answer(message: ModuleAnswer): void {
  process.send?.(message);
}

function refusalOf(error: unknown): { readonly code: DeviceError['code']; readonly message: string } {
  if (error instanceof DeviceError) return { code: error.code, message: error.message };
  return { code: 'refused', message: error instanceof Error ? error.message : String(error) };
}

function open(path: string): Driver {
  // Optional by installation: it is compiled where it is installed.
  const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Module };
  const module = new PKCS11();
  module.load(path);
  module.C_Initialize(withLocks);
  return new Driver(module);
}

async function serve(driver: Driver, { number, verb, args }: ModuleCall): Promise<void> {
  try {
    const act = driver[verb] as (...all: unknown[]) => unknown;
    answer({ number, value: await act.apply(driver, [...args]) });
  } catch (error) {
    answer({ number, error: refusalOf(error) });
  }
}

const [, , path = ''] = process.argv;
try {
  const driver = open(path);
  process.on('message', (call: ModuleCall) => void serve(driver, call));
  answer({ number: 0, loaded: path });
} catch (error) {
  answer({ number: 0, error: refusalOf(error) });
  process.disconnect?.();
}
// Whoever started it has ended, however that came.
process.once('disconnect', () => process.exit());
