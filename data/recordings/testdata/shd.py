# Writes files in the layout of SHD by h5py, for the tests of this package: one as h5py
# writes by default, one in packed chunks as PyTables does, and one of a later version.
import sys
import h5py
import numpy as np

N = 40


def write(f, keys, **kw):
    times = f.create_dataset('spikes/times', (N,), dtype=h5py.vlen_dtype(np.float16), **kw)
    units = f.create_dataset('spikes/units', (N,), dtype=h5py.vlen_dtype(np.uint16), **kw)
    for i in range(N):
        k = np.arange(i * 53 % 97)
        times[i] = ((k * 7 + i) / 1024).astype(np.float16)
        units[i] = ((k * 31 + i) % 700).astype(np.uint16)
    f.create_dataset('labels', data=(np.arange(N) * 3 % 20).astype(np.uint16), **kw)
    f.create_dataset('extra/speaker', data=(np.arange(N) % 12).astype(np.uint16), **kw)
    f['extra/keys'] = keys
    f['extra/meta_info/age'] = np.arange(12, dtype=np.uint16)
    f['extra/meta_info/gender'] = np.array([b'male', b'female'] * 6)


words = ['word %d' % i for i in range(20)]
out = sys.argv[1] + '/'
with h5py.File(out + 'contiguous.h5', 'w') as f:
    write(f, np.array(words, dtype=h5py.string_dtype()))
with h5py.File(out + 'chunked.h5', 'w') as f:
    write(f, np.array(words, dtype='S'), chunks=(7,), maxshape=(None,), compression='gzip', shuffle=True)
with h5py.File(out + 'later.h5', 'w', libver='latest') as f:
    write(f, np.array(words, dtype='S'), chunks=(7,), compression='gzip', shuffle=True)
