using EmoMotion.Unity;
using UnityEngine;

/// <summary>
/// Arrow keys steer a live character that walks by its own steps, through a CharacterController that keeps it out of
/// walls. Its root motion must be Script.
/// </summary>
[RequireComponent(typeof(EmoMotionCharacter), typeof(CharacterController))]
public sealed class Steer : MonoBehaviour
{
    private EmoMotionCharacter _character;
    private CharacterController _body;
    private Vector3 _direction;

    private void OnEnable()
    {
        (_character, _body) = (GetComponent<EmoMotionCharacter>(), GetComponent<CharacterController>());
        _character.Moved += Move;
    }

    private void OnDisable() => _character.Moved -= Move;

    private void Update()
    {
        var wish = new Vector3(Input.GetAxisRaw("Horizontal"), 0, Input.GetAxisRaw("Vertical"));
        if (wish == _direction) return;
        _direction = wish;
        if (wish == Vector3.zero) _character.Do("a person stands");
        else
        {
            _character.Do("a person walks forward");
            _character.Walk(wish);
        }
    }

    private void Move(Vector3 step) => _body.Move(step + Physics.gravity * Time.deltaTime);
}
