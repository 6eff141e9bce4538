export { type Checkpoint, parseCheckpoint, writeCheckpoint } from './checkpoint.ts';
export { TransparencyError } from './error.ts';
export { emptyRoot, hashBytes, hashChildren, hashLeaf } from './hash.ts';
export { createNoteSigner, type NoteSigner, openNote } from './note.ts';
export { checkConsistency, checkInclusion, proveConsistency, proveInclusion } from './proof.ts';
export { type TileFolderChange, type TileFolderOptions, writeTileFolder } from './publish.ts';
export { type HashReader, rootOf, tileWidth } from './reader.ts';
export { hashesAtLevel, readTile, tilePath } from './tile.ts';
export { TreeFiles } from './tree-files.ts';
