# A VMC receiver in Godot: takes the datagrams of one frame, poses a Skeleton of the engine with them, and prints where the
# engine finds each bone. godot3-server --no-window -s receiver.gd PORT
extends SceneTree

const PARENTS = {
	"Hips": "", "Spine": "Hips", "Chest": "Spine", "UpperChest": "Chest", "Neck": "UpperChest", "Head": "Neck",
	"LeftShoulder": "UpperChest", "LeftUpperArm": "LeftShoulder", "LeftLowerArm": "LeftUpperArm", "LeftHand": "LeftLowerArm",
	"RightShoulder": "UpperChest", "RightUpperArm": "RightShoulder", "RightLowerArm": "RightUpperArm", "RightHand": "RightLowerArm",
	"LeftUpperLeg": "Hips", "LeftLowerLeg": "LeftUpperLeg", "LeftFoot": "LeftLowerLeg", "LeftToes": "LeftFoot",
	"RightUpperLeg": "Hips", "RightLowerLeg": "RightUpperLeg", "RightFoot": "RightLowerLeg", "RightToes": "RightFoot",
}
var bones = {}
var blends = {}
var place_of_root = Transform()
var complete = false

func text(buffer):
	var out = PoolByteArray()
	while true:
		var four = buffer.get_data(4)[1]
		for byte in four:
			if byte != 0:
				out.append(byte)
		if four[3] == 0:
			return out.get_string_from_ascii()

func place(values, at):
	# VMC is Unity's frame; Godot is right-handed and looks along -Z.
	var q = Quat(values[at + 3], values[at + 4], -values[at + 5], -values[at + 6])
	return Transform(Basis(q.normalized()), Vector3(values[at], values[at + 1], -values[at + 2]))

func message(buffer, size):
	var end = buffer.get_position() + size
	var address = text(buffer)
	var values = []
	for tag in text(buffer).substr(1):
		values.append(text(buffer) if tag == "s" else (buffer.get_float() if tag == "f" else buffer.get_32()))
	assert(buffer.get_position() == end)
	if address == "/VMC/Ext/Bone/Pos":
		bones[values[0]] = place(values, 1)
	elif address == "/VMC/Ext/Root/Pos":
		place_of_root = place(values, 1)
	elif address == "/VMC/Ext/Blend/Val":
		blends[values[0]] = values[1]
	elif address == "/VMC/Ext/Blend/Apply":
		complete = true

func _init():
	var socket = PacketPeerUDP.new()
	var port = int(OS.get_cmdline_args()[-1])
	if socket.listen(port, "127.0.0.1") != OK:
		printerr("cannot listen at ", port)
		quit(1)
		return
	print("listening")
	while not complete or bones.size() < PARENTS.size():
		if socket.get_available_packet_count() == 0:
			OS.delay_msec(2)
			continue
		var buffer = StreamPeerBuffer.new()
		buffer.big_endian = true
		buffer.data_array = socket.get_packet()
		buffer.seek(16)
		while buffer.get_position() < buffer.get_size():
			var size = buffer.get_32()
			message(buffer, size)
	var skeleton = Skeleton.new()
	get_root().add_child(skeleton)
	for name in PARENTS:
		skeleton.add_bone(name)
		skeleton.set_bone_parent(skeleton.find_bone(name), skeleton.find_bone(PARENTS[name]) if PARENTS[name] else -1)
		skeleton.set_bone_rest(skeleton.find_bone(name), Transform())
		skeleton.set_bone_pose(skeleton.find_bone(name), bones[name])
	for name in PARENTS:
		var at = (place_of_root * skeleton.get_bone_global_pose(skeleton.find_bone(name))).origin
		print("bone ", name, " %.6f %.6f %.6f" % [at.x, at.y, at.z])
	for name in blends:
		print("blend ", name, " %.4f" % blends[name])
	quit()
