package checkpoint

// Peek reads only a file's metadata, so that its time does not depend on the file's length. It does
// not check the digest: use it for listings, and do not rely on the result. It is no error if a file
// has no metadata.
func Peek(path string) (map[string]string, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, at(path, err)
	}
	defer f.Close()
	head, err := readHead(f, size)
	if err != nil {
		return nil, at(path, err)
	}
	h, err := parseHeader(head[8:])
	if err != nil {
		return nil, at(path, err)
	}
	return h.metadata, nil
}
